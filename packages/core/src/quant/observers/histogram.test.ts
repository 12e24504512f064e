import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divergence } from './entropy.js';
import { Histogram, MOST_BINS } from './histogram.js';
import { expectedSquaredError } from './mse.js';

const float = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('Histogram', () => {
  it('counts every value in the bin that holds it', () => {
    fc.assert(
      fc.property(fc.array(float, { minLength: 1 }), fc.array(float), (first, second) => {
        const histogram = new Histogram();
        histogram.add(Float32Array.from(first));
        histogram.add(Float32Array.from(second));
        const { exponent, low, counts, zeros } = histogram.state;
        const expected = new Map<number, number>();
        for (const value of [...first, ...second].filter((v) => v !== 0)) {
          const bin = Math.floor(value / 2 ** exponent);
          expected.set(bin, (expected.get(bin) ?? 0) + 1);
        }
        const found = new Map(
          [...counts].map((count, i) => [i + low, count] as const).filter(([, n]) => n > 0),
        );
        expect(found).toEqual(new Map([...expected].sort(([a], [b]) => a - b)));
        expect(zeros).toBe([...first, ...second].filter((v) => v === 0).length);
        expect(counts.length).toBeLessThanOrEqual(MOST_BINS);
      }),
    );
  });

  it('uses the finest power-of-two width that its bins allow', () => {
    const histogram = new Histogram();
    histogram.add(Float32Array.of(0.5, 0.999));
    expect(histogram.state.exponent).toBe(-12);
    histogram.add(Float32Array.of(1));
    expect(histogram.state.exponent).toBe(-11);
    histogram.add(Float32Array.of(-2.9));
    expect(histogram.state.exponent).toBe(-10);
  });

  it('depends only on the values, not on how they came', () => {
    fc.assert(
      fc.property(fc.array(fc.array(float), { maxLength: 6 }), (batches) => {
        const whole = new Histogram();
        whole.add(Float32Array.from(batches.flat().reverse()));
        const merged = new Histogram();
        for (const batch of batches) {
          const part = new Histogram();
          part.add(Float32Array.from(batch));
          merged.merge(part);
        }
        expect(merged.state).toEqual(whole.state);
      }),
    );
  });
});

describe('expectedSquaredError', () => {
  it('agrees with the error of the values themselves', () => {
    const values = Float32Array.from({ length: 50_000 }, (_, i) => Math.sin(i) * (1 + (i % 7)));
    const histogram = new Histogram();
    histogram.add(values);
    const { exponent, state } = { ...histogram.state, state: histogram.state };
    for (const fraction of [1, 0.6, 0.3]) {
      const n = Math.ceil((state.counts.length / 2) * fraction);
      const width = 2 ** exponent;
      const scale = (2 * n * width) / 254;
      const exact = values.reduce((sum, value) => {
        const q = Math.max(-127, Math.min(127, Math.round(value / scale)));
        return sum + (value - q * scale) ** 2;
      }, 0);
      const expected = expectedSquaredError(state, { below: n, above: n }, 254) * width * width;
      expect(Math.abs(expected / exact - 1)).toBeLessThan(0.02);
    }
  });
});

describe('divergence', () => {
  it('is zero where every bin has its own level and nothing is clipped', () => {
    const histogram = new Histogram();
    histogram.add(Float32Array.from({ length: 64 }, (_, i) => (i + 1) / 64));
    const { counts } = histogram.state;
    expect(divergence(histogram.state, { below: 0, above: counts.length }, counts.length, 64)).toBe(0);
  });

  it('grows when bins of different height share a level, and when values are clipped', () => {
    const histogram = new Histogram();
    histogram.add(Float32Array.from({ length: 4096 }, (_, i) => (i / 4096) ** 2));
    const { counts } = histogram.state;
    const total = counts.reduce((a, b) => a + b, 0);
    const shared = divergence(histogram.state, { below: 0, above: counts.length }, 16, total);
    const coarser = divergence(histogram.state, { below: 0, above: counts.length }, 4, total);
    const clipped = divergence(histogram.state, { below: 0, above: counts.length / 4 }, 16, total);
    expect(shared).toBeGreaterThan(0);
    expect(coarser).toBeGreaterThan(shared);
    expect(clipped).toBeGreaterThan(shared);
  });
});
