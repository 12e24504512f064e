import { fromNumbers, int64, Tensor, toNumbers } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BinaryFunction, mapElements, toBigInts, zipElements } from './arithmetic.js';
import { power } from './power.js';

const add: BinaryFunction = { real: (a, b) => a + b, big: (a, b) => a + b };
const multiply: BinaryFunction = { real: (a, b) => a * b, integer: Math.imul, big: (a, b) => a * b };

describe('element arithmetic', () => {
  it('adds int64 beyond 2^53 exactly and wraps at 2^63', () => {
    const big = (value: bigint) => new Tensor('int64', [], BigInt64Array.of(value));
    expect(toBigInts(zipElements(big(2n ** 53n), big(1n), add))[0]).toBe(2n ** 53n + 1n);
    expect(toBigInts(zipElements(big(2n ** 63n - 1n), big(1n), add))[0]).toBe(-(2n ** 63n));
  });

  it('multiplies integers of 32 bits modulo 2^32', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        const exact = BigInt(a) * BigInt(b);
        const product = (dtype: 'int32' | 'uint32') =>
          toNumbers(zipElements(fromNumbers(dtype, [], [a]), fromNumbers(dtype, [], [b]), multiply))[0];
        expect(product('int32')).toBe(Number(BigInt.asIntN(32, exact)));
        expect(product('uint32')).toBe(Number(BigInt.asUintN(32, exact)));
      }),
    );
  });

  it.each([
    ['int8', 127, 1, -128],
    ['uint8', 250, 10, 4],
    ['int4', 7, 1, -8],
    ['uint2', 3, 2, 1],
  ] as const)('wraps %s: %d + %d = %d', (dtype, a, b, sum) => {
    const result = zipElements(fromNumbers(dtype, [], [a]), fromNumbers(dtype, [], [b]), add);
    expect([result.dtype, toNumbers(result)[0]]).toEqual([dtype, sum]);
  });

  it('rounds fp16 results to fp16', () => {
    const sum = zipElements(fromNumbers('float16', [], [2048]), fromNumbers('float16', [], [1]), add);
    expect(toNumbers(sum)[0]).toBe(2048);
  });

  it('raises integers to powers exactly modulo 2^64', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -50n, max: 50n }), fc.bigInt({ min: 0n, max: 70n }), (base, exponent) => {
        expect(power.big?.(base, exponent)).toBe(BigInt.asIntN(64, base ** exponent));
      }),
    );
  });

  it('applies the 64-bit function to int64', () => {
    const negated = mapElements(int64([2n ** 60n + 1n]), { real: (x) => -x, big: (x) => -x });
    expect(toBigInts(negated)[0]).toBe(-(2n ** 60n) - 1n);
  });
});
