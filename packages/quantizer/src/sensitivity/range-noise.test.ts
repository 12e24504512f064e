import { Histogram } from '@octavo/core/quant';
import { describe, expect, it } from 'vitest';
import { normals } from '../../tests/run-models.js';
import { gridOfRange, magnitudeQuantile, rangeNoise } from './range-noise.js';

function histogramOf(values: Float32Array): Histogram {
  const histogram = new Histogram();
  histogram.add(values);
  return histogram;
}

describe('rangeNoise', () => {
  it.each([
    ['two bits', 2, 4],
    ['four bits', 4, 4],
    ['eight bits', 8, 4],
    ['four bits of a range that is too small', 4, 1.2],
    ['eight bits of a range that is too small', 8, 0.7],
  ])('foresees the error of %s', (_, bits, limit) => {
    const values = normals(50_000, 5);
    const grid = gridOfRange({ min: -limit, max: limit * 0.8 }, bits);
    let [rounding, saturation, beyond] = [0, 0, 0];
    for (const value of values) {
      const rounded = Math.round(value / grid.scale);
      const [least, most] = [Math.round(grid.low / grid.scale), Math.round(grid.high / grid.scale)];
      const clipped = Math.min(most, Math.max(least, rounded));
      const error = (value - clipped * grid.scale) ** 2;
      if (clipped === rounded) rounding += error;
      else {
        saturation += error;
        beyond++;
      }
    }
    const noise = rangeNoise(histogramOf(values).state, grid);
    expect(noise.rounding / (rounding / values.length)).toBeCloseTo(1, 1);
    if (saturation > 0) expect(noise.saturation / (saturation / values.length)).toBeCloseTo(1, 1);
    expect(Math.abs(noise.saturated - beyond / values.length)).toBeLessThan(0.002);
  });

  it('costs nothing for exact zeros', () => {
    const values = Float32Array.from({ length: 100 }, (_, i) => (i === 0 ? 1 : 0));
    const { rounding } = rangeNoise(histogramOf(values).state, gridOfRange({ min: 0, max: 1 }, 2));
    expect(rounding).toBeLessThan(1e-6);
  });
});

describe('gridOfRange', () => {
  it('contains zero and both ends, to half a step', () => {
    const grid = gridOfRange({ min: 1, max: 3 }, 8);
    expect(grid.low).toBeCloseTo(0);
    expect(grid.high).toBeCloseTo(3);
    const both = gridOfRange({ min: -1, max: 2 }, 4);
    expect(Math.abs(both.low + 1)).toBeLessThanOrEqual(both.scale / 2);
    expect(both.high - both.low).toBeCloseTo(15 * both.scale);
  });

  it('has a step of 1 for a range of zeros', () => {
    expect(gridOfRange({ min: 0, max: 0 }, 8).scale).toBe(1);
  });
});

describe('magnitudeQuantile', () => {
  it('finds the magnitude below which a share of the values lie', () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => (i % 2 ? 1 : -1) * (i + 1));
    const { state } = histogramOf(values);
    expect(Math.abs(magnitudeQuantile(state, 0.5) - 500)).toBeLessThanOrEqual(2);
    expect(magnitudeQuantile(state, 1)).toBe(1000);
  });

  it('counts zeros', () => {
    const values = Float32Array.from({ length: 100 }, (_, i) => (i < 90 ? 0 : 5));
    expect(magnitudeQuantile(histogramOf(values).state, 0.5)).toBe(0);
    expect(magnitudeQuantile(histogramOf(values).state, 0.95)).toBe(5);
  });
});
