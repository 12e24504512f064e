import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fma } from './fma.js';

/** A finite double as an exact integer multiple of 2^-1074. */
function exact(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return bits >> 63n ? -magnitude : magnitude;
}

/** The binary32 neighbours of a binary32 number, by their bits. */
function neighbours(value: number): { below: number; above: number } {
  if (value === 0) return { below: -(2 ** -149), above: 2 ** -149 };
  const float = new Float32Array([Math.abs(value)]);
  const word = new Int32Array(float.buffer);
  const bits = word[0] ?? 0;
  word[0] = bits - 1;
  const inner = float[0] ?? 0;
  word[0] = bits + 1;
  const outer = float[0] ?? 0;
  return value > 0 ? { below: inner, above: outer } : { below: -outer, above: -inner };
}

/** Whether `result` is a*b + c rounded to nearest even, decided in integer arithmetic. */
function isCorrectlyRounded(a: number, b: number, c: number, result: number): boolean {
  const truth = exact(a) * exact(b) + (exact(c) << 1074n);
  const limit = (exact(2 ** 128 - 2 ** 103) as bigint) << 1074n;
  if (truth >= limit) return result === Number.POSITIVE_INFINITY;
  if (truth <= -limit) return result === Number.NEGATIVE_INFINITY;
  const own = distance(truth, result);
  const { below, above } = neighbours(result);
  const nearest = [below, above].filter(Number.isFinite).map((other) => distance(truth, other));
  if (nearest.some((other) => other < own)) return false;
  const tied = nearest.some((other) => other === own);
  return !tied || ((new Uint32Array(new Float32Array([result]).buffer)[0] ?? 0) & 1) === 0;
}

function distance(truth: bigint, value: number): bigint {
  const difference = truth - (exact(value) << 1074n);
  return difference < 0n ? -difference : difference;
}

const anyFloat = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('fma', () => {
  it('equals the exact result rounded once, for any binary32 arguments', () => {
    fc.assert(
      fc.property(anyFloat, anyFloat, anyFloat, (a, b, c) => {
        expect(isCorrectlyRounded(a, b, c, fma(a, b, c))).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it('equals the exact result where product and addend nearly cancel or nearly tie', () => {
    const mantissa = fc.integer({ min: 2 ** 23, max: 2 ** 24 - 1 });
    const shift = fc.integer({ min: -30, max: 80 });
    fc.assert(
      fc.property(mantissa, mantissa, mantissa, shift, fc.boolean(), (m, n, o, exponent, negative) => {
        const a = m * 2 ** -23;
        const b = n * 2 ** -23;
        const c = (negative ? -o : o) * 2 ** (-23 - exponent);
        expect(isCorrectlyRounded(a, b, c, fma(a, b, c))).toBe(true);
        expect(isCorrectlyRounded(a, b, -Math.fround(a * b), fma(a, b, -Math.fround(a * b)))).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it('rounds once where two roundings differ', () => {
    const a = 1 + 2 ** -12;
    const c = 2 ** -70;
    expect(Math.fround(a * a + c)).toBe(1 + 2 ** -11);
    expect(fma(a, a, c)).toBe(1 + 2 ** -11 + 2 ** -23);
    expect(fma(a, a, -c)).toBe(1 + 2 ** -11);
    expect(fma(1, 2 ** 24, -(2 ** -60))).toBe(2 ** 24);
    expect(fma(1, 1, 2 ** -25 + 2 ** -49)).toBe(1);
  });

  it('follows IEEE 754 for infinities and NaN', () => {
    expect(fma(Number.POSITIVE_INFINITY, 2, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(fma(1, 1, Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
    expect(fma(Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY)).toBeNaN();
    expect(fma(Number.NaN, 1, 1)).toBeNaN();
  });
});
