import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bfloat16ToFloat32,
  FLOAT16_MAX,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from './float16.js';

const PATTERNS = Array.from({ length: 65536 }, (_, bits) => bits);
const finite16 = PATTERNS.filter((bits) => (bits & 0x7c00) !== 0x7c00);

/** The value of fp16 bits by the definition of IEEE 754 binary16. */
function defined16(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * 2 ** -14 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction);
}

/** The next binary32 number away from zero. */
function outward(value: number): number {
  const float = Float32Array.of(value);
  const word = new Uint32Array(float.buffer);
  word[0] = (word[0] ?? 0) + 1;
  return float[0] ?? 0;
}

describe('fp16', () => {
  it('widens all 65536 patterns to the defined values', () => {
    const wrong = PATTERNS.filter((bits) => !Object.is(float16ToFloat32(bits), defined16(bits)));
    expect(wrong).toEqual([]);
  });

  it('comes back to the same bits from every pattern; NaN stays NaN', () => {
    const wrong = PATTERNS.filter((bits) => {
      const value = float16ToFloat32(bits);
      const back = float32ToFloat16(value);
      return Number.isNaN(value) ? !Number.isNaN(float16ToFloat32(back)) : back !== bits;
    });
    expect(wrong).toEqual([]);
  });

  it('rounds the middle between any two neighbours to the even one, and anything beyond it up', () => {
    const wrong = finite16.filter((bits) => {
      const above = (bits & 0x7fff) === 0x7bff ? 65536 * (bits >> 15 ? -1 : 1) : float16ToFloat32(bits + 1);
      const middle = (float16ToFloat32(bits) + above) / 2;
      const even = bits & 1 ? bits + 1 : bits;
      return float32ToFloat16(middle) !== even || float32ToFloat16(outward(middle)) !== bits + 1;
    });
    expect(wrong).toEqual([]);
  });

  it('rounds what lies below the middle down', () => {
    const wrong = finite16.filter((bits) => {
      const step = (bits & 0x7c00) === 0 ? 2 ** -24 : 2 ** (((bits >> 10) & 31) - 25);
      const magnitude = Math.abs(float16ToFloat32(bits)) + step * (0.5 - 2 ** -12);
      return float32ToFloat16(bits >> 15 ? -magnitude : magnitude) !== bits;
    });
    expect(wrong).toEqual([]);
  });

  it('reaches infinity halfway beyond the largest finite number', () => {
    expect(float32ToFloat16(FLOAT16_MAX)).toBe(0x7bff);
    expect(float32ToFloat16(65519.99609375)).toBe(0x7bff);
    expect(float32ToFloat16(65520)).toBe(0x7c00);
    expect(float32ToFloat16(-1e38)).toBe(0xfc00);
    expect(float32ToFloat16(Number.NEGATIVE_INFINITY)).toBe(0xfc00);
  });

  it('keeps the sign of zero, also of values that round to it', () => {
    expect([0, -0, 2 ** -25, -(2 ** -25), -(2 ** -140)].map(float32ToFloat16)).toEqual([
      0, 0x8000, 0, 0x8000, 0x8000,
    ]);
  });

  it('gives the nearest fp16 number of any binary32 number', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = float32ToFloat16(value);
        const error = Math.abs(float16ToFloat32(bits) - value);
        for (const other of [bits - 1, bits + 1]) {
          if ((other & 0x7c00) === 0x7c00 || other < 0) continue;
          expect(error).toBeLessThanOrEqual(Math.abs(float16ToFloat32(other) - value));
        }
      }),
    );
  });
});

describe('bf16', () => {
  it('is the upper half of binary32: all patterns come back, NaN stays NaN', () => {
    const wrong = PATTERNS.filter((bits) => {
      const value = bfloat16ToFloat32(bits);
      const back = float32ToBfloat16(value);
      return Number.isNaN(value) ? !Number.isNaN(bfloat16ToFloat32(back)) : back !== bits;
    });
    expect(wrong).toEqual([]);
    expect(bfloat16ToFloat32(0x3f80)).toBe(1);
    expect(bfloat16ToFloat32(0xc2f7)).toBe(-123.5);
  });

  it('rounds the middle between any two neighbours to the even one, and anything beyond it up', () => {
    const float = new Float32Array(1);
    const word = new Uint32Array(float.buffer);
    const at = (bits: number): number => {
      word[0] = bits;
      return float[0] ?? 0;
    };
    const finite = PATTERNS.filter((bits) => (bits & 0x7f80) !== 0x7f80);
    const wrong = finite.filter((bits) => {
      const middle = bits * 65536 + 0x8000;
      const even = bits & 1 ? bits + 1 : bits;
      return (
        float32ToBfloat16(at(middle)) !== even ||
        float32ToBfloat16(at(middle + 1)) !== bits + 1 ||
        float32ToBfloat16(at(middle - 1)) !== bits
      );
    });
    expect(wrong).toEqual([]);
  });

  it('keeps infinities and gives NaN with a payload in the lower half only a quiet NaN', () => {
    expect(float32ToBfloat16(Number.POSITIVE_INFINITY)).toBe(0x7f80);
    expect(float32ToBfloat16(Number.NEGATIVE_INFINITY)).toBe(0xff80);
    expect(bfloat16ToFloat32(float32ToBfloat16(Number.NaN))).toBeNaN();
  });
});
