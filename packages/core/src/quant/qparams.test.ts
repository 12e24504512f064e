import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dynamicQparams, dynamicQuantize } from './dynamic.js';
import { asymmetricQparams, constantQparams, qparamsOfRange, symmetricQparams } from './qparams.js';
import { type StorageDType, storageRange } from './quantized-type.js';

const storages: StorageDType[] = ['int8', 'uint8', 'int16', 'uint16', 'int4', 'uint4', 'int2', 'uint2'];
const anyStorage = fc.constantFrom(...storages);
const finite = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('qparamsOfRange', () => {
  it('computes asymmetric uint8 parameters in float64 and rounds the scale once', () => {
    expect(asymmetricQparams({ min: -1, max: 3 }, 'uint8')).toEqual({
      scale: Math.fround(4 / 255),
      zeroPoint: 64,
    });
  });

  it('widens a range to contain 0', () => {
    expect(asymmetricQparams({ min: 2, max: 5 }, 'uint8')).toEqual({
      scale: Math.fround(5 / 255),
      zeroPoint: 0,
    });
    expect(asymmetricQparams({ min: -5, max: -2 }, 'int8')).toEqual({
      scale: Math.fround(5 / 255),
      zeroPoint: 127,
    });
  });

  it('gives symmetric parameters the zero point 0, or the middle of an unsigned type', () => {
    expect(symmetricQparams({ min: -2, max: 1 }, 'int8')).toEqual({
      scale: Math.fround(2 / 127),
      zeroPoint: 0,
    });
    expect(symmetricQparams({ min: -2, max: 1 }, 'uint8')).toEqual({
      scale: Math.fround(2 / 127),
      zeroPoint: 128,
    });
    expect(symmetricQparams({ min: -2, max: 1 }, 'uint4')).toEqual({
      scale: Math.fround(2 / 7),
      zeroPoint: 8,
    });
    expect(symmetricQparams({ min: -2, max: 1 }, 'int2')).toEqual({ scale: 2, zeroPoint: 0 });
  });

  it('gives an all-zero range the scale 1', () => {
    for (const storage of storages) {
      expect(symmetricQparams({ min: 0, max: 0 }, storage).scale).toBe(1);
      expect(asymmetricQparams({ min: 0, max: 0 }, storage)).toEqual({ scale: 1, zeroPoint: 0 });
    }
  });

  it('represents 0 exactly and the ends of the range within one step, with a positive finite float32 scale', () => {
    fc.assert(
      fc.property(anyStorage, finite, finite, fc.boolean(), (storage, a, b, symmetric) => {
        const range = { min: Math.min(a, b), max: Math.max(a, b) };
        const { scale, zeroPoint } = qparamsOfRange(range, storage, symmetric);
        const { min, max } = storageRange(storage);
        expect(scale).toBe(Math.fround(scale));
        expect(scale).toBeGreaterThan(0);
        expect(scale).toBeLessThan(Number.POSITIVE_INFINITY);
        expect(Number.isInteger(zeroPoint) && zeroPoint >= min && zeroPoint <= max).toBe(true);
        const slack = 1 + 2 ** -20;
        expect((max - zeroPoint + 1) * scale * slack).toBeGreaterThanOrEqual(range.max);
        expect((min - zeroPoint - 1) * scale * slack).toBeLessThanOrEqual(range.min);
      }),
    );
  });

  it('rounds the scale to float16 when the values are float16', () => {
    const { scale } = symmetricQparams({ min: -1, max: 1 }, 'int8', 'float16');
    expect(scale).toBe(0.00787353515625);
  });

  it.each([
    [Number.NaN, 1],
    [0, Number.POSITIVE_INFINITY],
    [1, -1],
  ])('refuses the range %d to %d', (min, max) => {
    expect(() => asymmetricQparams({ min, max }, 'uint8')).toThrow(
      expect.objectContaining({ code: 'QUANT_RANGE' }),
    );
    expect(() => symmetricQparams({ min, max }, 'int8')).toThrow(
      expect.objectContaining({ code: 'QUANT_RANGE' }),
    );
  });

  it('refuses a range whose scale is beyond float32', () => {
    expect(() => symmetricQparams({ min: 0, max: 1e300 }, 'int8')).toThrow(
      expect.objectContaining({ code: 'QUANT_SCALE' }),
    );
  });
});

describe('constantQparams', () => {
  it('reproduces any constant exactly in every storage type', () => {
    fc.assert(
      fc.property(anyStorage, finite, fc.boolean(), (storage, c, symmetric) => {
        const { scale, zeroPoint } = constantQparams(c, storage, symmetric);
        const { min, max } = storageRange(storage);
        const q = zeroPoint + Math.sign(c);
        expect(q >= min && q <= max).toBe(true);
        expect((q - zeroPoint) * scale + 0).toBe(c + 0);
      }),
    );
  });

  it('makes no scale of 0 or infinity from doubles beyond float32', () => {
    expect(constantQparams(1e-60, 'int8').scale).toBe(1);
    expect(() => constantQparams(1e60, 'int8')).toThrow(expect.objectContaining({ code: 'QUANT_RANGE' }));
  });
});

describe('dynamicQparams', () => {
  it('takes the range of the values with 0 and skips NaN', () => {
    expect(dynamicQparams(Float32Array.of(0, 2, -3, -2.5, 1.34, 0.5, Number.NaN))).toEqual({
      scale: Math.fround(5 / 255),
      zeroPoint: 153,
    });
    expect(dynamicQparams(Float32Array.of(1, 2.1, 1.3, 2.5, 3.34, 4)).zeroPoint).toBe(0);
  });

  it('gives zeros and no values at all the scale 1', () => {
    expect(dynamicQparams(new Float32Array(3))).toEqual({ scale: 1, zeroPoint: 0 });
    expect(dynamicQparams(new Float32Array(0))).toEqual({ scale: 1, zeroPoint: 0 });
    expect(dynamicQparams(Float32Array.of(-(2 ** -149)))).toEqual({ scale: 1, zeroPoint: 0 });
  });

  it('gives a range beyond float32 an infinite scale, and every value of it 0', () => {
    const values = Float32Array.of(3e38, -3e38, 1, Number.NaN);
    const [scale, zeroPoint] = [Number.POSITIVE_INFINITY, 0];
    expect(dynamicQuantize(values)).toEqual({ values: new Uint8Array(4), scale, zeroPoint });
  });
});
