import { describe, expect, it } from 'vitest';
import { ErrorMeasure, measureError } from './error-measure.js';

describe('ErrorMeasure', () => {
  it('computes SQNR in dB, cosine, largest, mean squared and mean absolute error', () => {
    const figures = measureError(Float32Array.of(3, 4), Float32Array.of(3, 3.5));
    expect(figures.sqnr).toBeCloseTo(10 * Math.log10(25 / 0.25), 12);
    expect(figures.cosine).toBeCloseTo(23 / (5 * Math.hypot(3, 3.5)), 12);
    expect(figures).toMatchObject({ count: 2, nonFinite: 0, maxAbs: 0.5, mse: 0.125, meanAbs: 0.25 });
  });

  it('gives the figures of all pairs together, however they are split', () => {
    const reference = Float32Array.of(1, -2, 3, -4);
    const actual = Float32Array.of(1.5, -2, 2.75, -4.5);
    const split = new ErrorMeasure()
      .add(reference.subarray(0, 1), actual.subarray(0, 1))
      .add(reference.subarray(1), actual.subarray(1));
    expect(split.read()).toEqual(measureError(reference, actual));
  });

  it('gives equal arrays infinite SQNR and cosine 1', () => {
    const same = Float32Array.of(0, 1, 2);
    expect(measureError(same, same)).toMatchObject({ sqnr: Number.POSITIVE_INFINITY, cosine: 1, maxAbs: 0 });
    const zeros = new Float32Array(2);
    expect(measureError(zeros, zeros)).toMatchObject({ sqnr: Number.POSITIVE_INFINITY, cosine: 1 });
  });

  it('counts pairs with NaN or infinity and leaves them out', () => {
    const figures = measureError(
      Float32Array.of(1, Number.NaN, Number.POSITIVE_INFINITY, 2),
      Float32Array.of(1, 1, Number.POSITIVE_INFINITY, Number.NaN),
    );
    expect(figures).toMatchObject({ count: 1, nonFinite: 3, maxAbs: 0, cosine: 1 });
  });

  it('gives no figures without pairs', () => {
    expect(new ErrorMeasure().read().sqnr).toBeNaN();
  });

  it('refuses arrays of different length', () => {
    expect(() => measureError(Float32Array.of(1), Float32Array.of(1, 2))).toThrow(
      expect.objectContaining({ code: 'QUANT_LENGTH' }),
    );
  });
});
