import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float32, toNumbers } from '../tensor/index.js';
import { accumulatorBound, holdsAnyProducts } from './accumulator-bound.js';
import { quantizeBias } from './bias.js';
import { dequantize } from './dequantize.js';
import { quantize } from './quantize.js';
import { REDUCED_INT8, storageRange } from './quantized-type.js';
import { groupSquaredErrors, quantizedTypeOfWeights } from './weight-qparams.js';

describe('quantizedTypeOfWeights', () => {
  it('gives each channel its own symmetric scale', () => {
    const weights = Float32Array.of(1, -2, 0.5, 0.25);
    const type = quantizedTypeOfWeights(weights, [2, 2], {
      storage: 'int8',
      granularity: { kind: 'per-axis', axis: 0 },
    });
    expect([...type.scales]).toEqual([Math.fround(2 / 127), Math.fround(0.5 / 127)]);
    expect([...type.zeroPoints]).toEqual([0, 0]);
  });

  it('never uses -128 for symmetric int8 weights', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 2 }),
        (values) => {
          const w = float32(values);
          const type = quantizedTypeOfWeights(w.data, w.shape, { storage: 'int8' });
          expect(Math.min(...toNumbers(quantize(w, type)))).toBeGreaterThanOrEqual(-127);
        },
      ),
    );
  });

  it('takes the better of the two int4 ranges for every block', () => {
    const spread = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i * 1.7) * (1 + i / 40));
    const grid = Float32Array.from({ length: 32 }, (_, i) => (i % 15) - 7);
    const weights = Float32Array.of(...spread, ...grid);
    const options = {
      storage: 'int4',
      granularity: { kind: 'per-block', axis: 0, blockSize: 32 },
    } as const;
    const type = quantizedTypeOfWeights(weights, [64], options);
    expect(type.scales[1]).toBe(1);
    const amax = Math.max(...spread.map(Math.abs));
    const candidates = [amax / 7, amax / 7.5].map((scale) => ({
      ...type,
      scales: Float32Array.of(scale, 1),
    }));
    const errors = candidates.map((each) => groupSquaredErrors(weights, [64], each)[0] ?? 0);
    expect(groupSquaredErrors(weights, [64], type)[0]).toBe(Math.min(...errors));
    expect(errors[0]).not.toBe(errors[1]);
  });

  it('reproduces a constant tensor exactly', () => {
    for (const c of [-3.7, 0.001, 0]) {
      const w = float32([c, c, c]);
      for (const symmetric of [true, false]) {
        const type = quantizedTypeOfWeights(w.data, w.shape, { storage: 'uint8', symmetric });
        expect(toNumbers(dequantize(quantize(w, type), type))).toEqual(w.data);
      }
    }
  });

  it('gives asymmetric blocks their own zero points, the last block being short', () => {
    const weights = Float32Array.of(0, 15, 5, 20, -15);
    const type = quantizedTypeOfWeights(weights, [5], {
      storage: 'uint4',
      symmetric: false,
      granularity: { kind: 'per-block', axis: 0, blockSize: 4 },
    });
    expect([...type.scales]).toEqual([Math.fround(20 / 15), 15]);
    expect([...type.zeroPoints]).toEqual([0, 1]);
  });

  it('searches scales alike where it is told to use all integers', () => {
    const weights = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
    for (const storage of ['int4', 'uint4', 'int2', 'uint2'] as const) {
      const all = quantizedTypeOfWeights(weights, [64], { storage, integers: storageRange(storage) });
      expect(all).toEqual(quantizedTypeOfWeights(weights, [64], { storage }));
    }
  });

  it('keeps within fewer integers of 4 and 2 bits too', () => {
    const weights = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
    for (const storage of ['int4', 'int2'] as const) {
      const integers = { min: -1, max: 1 };
      const { scales } = quantizedTypeOfWeights(weights, [64], { storage, integers });
      expect(scales).toEqual(Float32Array.of(Math.max(...weights.map(Math.abs))));
    }
  });

  it('keeps within fewer integers where it is told to, and close to the weights', () => {
    const { min, max } = REDUCED_INT8;
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, min: Math.fround(-1e6), max: Math.fround(1e6) }), { minLength: 2 }),
        fc.boolean(),
        (values, symmetric) => {
          const w = float32(values);
          const options = { storage: 'int8', symmetric, integers: REDUCED_INT8 } as const;
          const type = quantizedTypeOfWeights(w.data, w.shape, options);
          const stored = quantize(w, type, REDUCED_INT8);
          const integers = toNumbers(stored);
          expect(Math.min(...integers)).toBeGreaterThanOrEqual(min);
          expect(Math.max(...integers)).toBeLessThanOrEqual(max);
          const step = type.scales[0] ?? 0;
          const back = toNumbers(dequantize(stored, type));
          w.data.forEach((value, i) => {
            expect(Math.abs((back[i] ?? 0) - value)).toBeLessThanOrEqual(step * (symmetric ? 0.5001 : 1));
          });
        },
      ),
    );
  });

  it('has the largest int8 weights whose products with uint8 fit int16 in pairs', () => {
    const pair = (weight: number): number => 2 * 255 * weight;
    expect(pair(REDUCED_INT8.max)).toBeLessThan(2 ** 15);
    expect(pair(REDUCED_INT8.max + 1)).toBeGreaterThanOrEqual(2 ** 15);
    expect(pair(REDUCED_INT8.min)).toBeGreaterThanOrEqual(-(2 ** 15));
    expect(pair(REDUCED_INT8.min - 1)).toBeLessThan(-(2 ** 15));
  });

  it('refuses NaN and infinity', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => quantizedTypeOfWeights(Float32Array.of(1, bad), [2], { storage: 'int8' })).toThrow(
        expect.objectContaining({ code: 'QUANT_RANGE' }),
      );
    }
  });
});

describe('quantizeBias', () => {
  it('rounds the bias to multiples of input scale times weight scale', () => {
    const { values, scales, raised } = quantizeBias(
      Float32Array.of(1, -0.26),
      0.5,
      Float32Array.of(0.25, 0.5),
    );
    expect([...scales]).toEqual([0.125, 0.25]);
    expect([...values]).toEqual([8, -1]);
    expect(raised).toEqual([]);
  });

  it('raises the weight scale of a channel whose bias would come near the end of int32', () => {
    const result = quantizeBias(Float32Array.of(1000, 1), 1e-4, Float32Array.of(1e-5, 1e-5));
    expect(result.raised).toEqual([0]);
    expect(result.weightScales[0]).toBe(Math.fround(1000 / (2 ** 30 * 1e-4)));
    expect(result.weightScales[1]).toBe(Math.fround(1e-5));
  });

  it('never saturates and stays within half a step of the bias, for any scales', () => {
    const scale = fc.float({ min: Math.fround(1e-30), max: Math.fround(1e6), noNaN: true });
    const bias = fc.float({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(bias, scale, scale, (b, input, weight) => {
        const { values, scales } = quantizeBias(Float32Array.of(b), input, Float32Array.of(weight));
        const q = values[0] ?? 0;
        expect(Math.abs(q)).toBeLessThan(2 ** 30 * 1.001);
        expect(Math.abs(q * (scales[0] ?? 0) - b)).toBeLessThanOrEqual(((scales[0] ?? 0) / 2) * (1 + 1e-12));
      }),
    );
  });

  it('raises one shared weight scale for its largest bias', () => {
    const { weightScales, raised } = quantizeBias(Float32Array.of(1, 5e3, 2), 1e-4, Float32Array.of(1e-6));
    expect(raised).toEqual([0]);
    expect(weightScales[0]).toBe(Math.fround(5e3 / (2 ** 30 * 1e-4)));
  });

  it('refuses NaN and a wrong number of scales', () => {
    expect(() => quantizeBias(Float32Array.of(Number.NaN), 1, Float32Array.of(1))).toThrow(
      expect.objectContaining({ code: 'QUANT_RANGE' }),
    );
    expect(() => quantizeBias(Float32Array.of(1, 2, 3), 1, Float32Array.of(1, 1))).toThrow(
      expect.objectContaining({ code: 'QUANT_PARAMS_LENGTH' }),
    );
  });
});

describe('accumulatorBound', () => {
  it('bounds the largest channel with its bias', () => {
    const weights = Int8Array.of(1, -2, 3, 4, 0, 0);
    expect(accumulatorBound(weights, [2, 3], 0, { bias: Int32Array.of(-1, 5000) })).toEqual({
      channel: 1,
      bound: 255 * 4 + 5000,
      fits: true,
    });
    expect(accumulatorBound(weights, [2, 3], 1).channel).toBe(0);
  });

  it('counts weights from their zero point', () => {
    const bound = accumulatorBound(Uint8Array.of(128, 130), [2, 1], 0, { zeroPoints: Int32Array.of(128) });
    expect(bound).toEqual({ channel: 1, bound: 510, fits: true });
  });

  it('does not fit from 2^31 on: full-range int8 weights reach K = 65,793 and no further', () => {
    const longest = new Int8Array(65794).fill(-128);
    expect(accumulatorBound(longest.subarray(0, 65793), [1, 65793], 0).fits).toBe(true);
    expect(accumulatorBound(longest, [1, 65794], 0).fits).toBe(false);
  });

  it('fits whatever the weights are up to K = 33,025', () => {
    for (const products of [33_025, 33_026]) {
      const largest = new Uint8Array(products).fill(255);
      expect(accumulatorBound(largest, [1, products], 0).fits).toBe(holdsAnyProducts(products));
    }
    expect(holdsAnyProducts(33_025)).toBe(true);
  });
});
