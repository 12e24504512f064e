import { Tensor } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { bigIntProduct } from './big-int-product.js';
import { matMulSums, planMatMul } from './matmul-plan.js';

describe('planMatMul', () => {
  it('broadcasts leading axes and drops those that vectors do not have', () => {
    expect(planMatMul([2, 1, 4, 5], [3, 5, 6]).shape).toEqual([2, 3, 4, 6]);
    expect(planMatMul([5], [3, 5, 6]).shape).toEqual([3, 6]);
    expect(planMatMul([4, 5], [5]).shape).toEqual([4]);
    expect(planMatMul([5], [5]).shape).toEqual([]);
  });

  it('pairs every matrix of the result with the matrices that broadcast there', () => {
    expect(planMatMul([2, 1, 4, 5], [3, 5, 6]).pairs).toEqual([
      { a: 0, b: 0 },
      { a: 0, b: 1 },
      { a: 0, b: 2 },
      { a: 1, b: 0 },
      { a: 1, b: 1 },
      { a: 1, b: 2 },
    ]);
  });

  it('refuses inner sizes that differ and scalars', () => {
    expect(() => planMatMul([4, 5], [4, 5])).toThrow(/do not multiply/);
    expect(() => planMatMul([], [1])).toThrow(/do not multiply/);
  });
});

describe('matMulSums', () => {
  it('sums inner sizes that are no multiple of four', () => {
    for (const inner of [1, 3, 4, 5, 6, 7]) {
      const a = Float32Array.from({ length: inner }, (_, i) => i + 1);
      const plan = planMatMul([1, inner], [inner, 1]);
      expect(matMulSums(a, a, plan)[0]).toBe((inner * (inner + 1) * (2 * inner + 1)) / 6);
    }
  });

  it('gives zeros for an empty inner axis and nothing for an empty batch', () => {
    expect(
      Array.from(matMulSums(new Float32Array(), new Float32Array(), planMatMul([2, 0], [0, 2]))),
    ).toEqual([0, 0, 0, 0]);
    expect(planMatMul([0, 2, 3], [3, 4]).pairs).toEqual([]);
  });
});

describe('bigIntProduct', () => {
  it('keeps integers that floats would round, and wraps to the dtype', () => {
    const a = new Tensor('int64', [1, 2], BigInt64Array.of(2n ** 53n + 1n, 1n));
    const b = new Tensor('int64', [2, 1], BigInt64Array.of(1n, 2n));
    expect(bigIntProduct(a, b).data).toEqual(BigInt64Array.of(2n ** 53n + 3n));
    const large = new Tensor('int32', [1, 1], Int32Array.of(2 ** 30 + 1));
    expect(bigIntProduct(large, large).data).toEqual(Int32Array.of(Math.imul(2 ** 30 + 1, 2 ** 30 + 1)));
  });
});
