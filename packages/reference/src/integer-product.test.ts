import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { integerSums, requantizeProduct } from './integer-product.js';

const byte = fc.integer({ min: -128, max: 255 });

function matrix(rows: number, columns: number) {
  return fc.array(byte, { minLength: rows * columns, maxLength: rows * columns });
}

describe('integerSums', () => {
  it('subtracts zero points by row and by column before it multiplies', () => {
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 4 }),
    );
    const cases = sizes.chain(([m, k, n]) =>
      fc.record({
        size: fc.constant([m, k, n] as const),
        a: matrix(m, k),
        b: matrix(k, n),
        za: fc.array(byte, { minLength: m, maxLength: m }),
        zb: fc.array(byte, { minLength: n, maxLength: n }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ size: [m, k, n], a, b, za, zb }) => {
        const { sums } = integerSums(
          { values: Int32Array.from(a), shape: [m, k], scales: [1], zeroPoints: za },
          { values: Int32Array.from(b), shape: [k, n], scales: [1], zeroPoints: zb },
        );
        for (let i = 0; i < m; i++) {
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let p = 0; p < k; p++) {
              sum += ((a[i * k + p] ?? 0) - (za[i] ?? 0)) * ((b[p * n + j] ?? 0) - (zb[j] ?? 0));
            }
            expect(sums[i * n + j]).toBe(sum);
          }
        }
      }),
    );
  });

  it('wraps modulo 2^32 like int32 accumulators', () => {
    const inner = 40_000;
    const values = new Uint8Array(inner).fill(255);
    const { sums } = integerSums(
      { values, shape: [1, inner], scales: [1], zeroPoints: [0] },
      { values, shape: [inner, 1], scales: [1], zeroPoints: [0] },
    );
    let wrapped = 0;
    for (let i = 0; i < inner; i++) wrapped = (wrapped + 255 * 255) | 0;
    expect(new Int32Array(sums)[0]).toBe(wrapped);
    expect(wrapped).toBeLessThan(0);
  });
});

describe('requantizeProduct', () => {
  it('rounds halves to even, adds the zero point and saturates', () => {
    const { plan } = integerSums(
      { values: new Int8Array(1), shape: [1, 1], scales: [1], zeroPoints: [0] },
      { values: new Int8Array(5), shape: [1, 5], scales: [1], zeroPoints: [0] },
    );
    const y = { scale: 1, zeroPoint: 10, storage: 'uint8' } as const;
    const sums = Int32Array.of(1, 3, -5, 10_000, -10_000);
    expect(requantizeProduct(sums, plan, [0.5], [1], y).data).toEqual(Uint8Array.of(10, 12, 8, 255, 0));
  });
});
