import { describe, expect, it } from 'vitest';
import { fma } from './fma.js';
import { qlinearAdd, qlinearAddConstants } from './qlinear-add.js';
import { qlinearMul, qlinearMulConstants } from './qlinear-mul.js';
import { requantizationMultipliers, requantize } from './requantize.js';

const qparams = (scale: number, zeroPoint: number) => ({ scale: Math.fround(scale), zeroPoint });

describe('requantize', () => {
  it('multiplies in float32 after rounding the accumulator to float32', () => {
    const accumulators = Int32Array.of(2 ** 24 + 1, -(2 ** 24 + 1), 3, 5);
    const out = requantize(accumulators, [4], {
      multipliers: Float32Array.of(0.5),
      zeroPoint: 0,
      storage: 'int32',
    });
    expect([...out]).toEqual([2 ** 23, -(2 ** 23), 2, 2]);
  });

  it('saturates after adding the zero point', () => {
    const out = requantize(Int32Array.of(1000, -1000, 10), [3], {
      multipliers: Float32Array.of(1),
      zeroPoint: 100,
      storage: 'uint8',
    });
    expect([...out]).toEqual([255, 0, 110]);
  });

  it('takes one multiplier for each channel', () => {
    const multipliers = requantizationMultipliers(0.5, Float32Array.of(1, 2), 0.25);
    expect([...multipliers]).toEqual([2, 4]);
    const out = requantize(Int32Array.of(1, 2, 3, 4), [1, 2, 2], {
      multipliers,
      zeroPoint: 0,
      storage: 'int8',
      axis: 1,
    });
    expect([...out]).toEqual([2, 4, 12, 16]);
  });

  it('refuses multipliers that do not fit the channels', () => {
    expect(() =>
      requantize(new Int32Array(4), [1, 4], {
        multipliers: Float32Array.of(1, 2),
        zeroPoint: 0,
        storage: 'int8',
        axis: 1,
      }),
    ).toThrow(expect.objectContaining({ code: 'QUANT_PARAMS_LENGTH' }));
  });
});

describe('qlinearAdd', () => {
  it('follows its formula with one rounding in each fused multiply-add', () => {
    const constants = qlinearAddConstants(qparams(0.1, 3), qparams(0.07, 200), qparams(0.13, 100));
    const ra = Math.fround(Math.fround(0.1) / Math.fround(0.13));
    const rb = Math.fround(Math.fround(0.07) / Math.fround(0.13));
    expect(constants).toEqual({
      ra,
      rb,
      c0: Math.fround(100 - fma(ra, 3, Math.fround(rb * 200))),
    });
    const out = qlinearAdd(Uint8Array.of(3, 255, 0), Uint8Array.of(200, 255, 0), constants, 'uint8');
    expect([...out]).toEqual([100, 255, 0]);
  });

  it('refuses operands of different length', () => {
    const constants = qlinearAddConstants(qparams(1, 0), qparams(1, 0), qparams(1, 0));
    expect(() => qlinearAdd(Uint8Array.of(1), Uint8Array.of(1, 2), constants, 'uint8')).toThrow(
      expect.objectContaining({ code: 'QUANT_LENGTH' }),
    );
  });
});

describe('qlinearMul', () => {
  it('multiplies the differences from the zero points', () => {
    const constants = qlinearMulConstants(qparams(0.5, 10), qparams(0.5, 20), qparams(0.25, 7));
    expect(constants.multiplier).toBe(1);
    const out = qlinearMul(Uint8Array.of(13, 10, 255), Uint8Array.of(24, 99, 255), constants, 'uint8');
    expect([...out]).toEqual([19, 7, 255]);
  });
});
