import fc from 'fast-check';
import { expect, expectTypeOf, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { bytes, epilogues, zeroPoints } from '../tests/arbitraries.js';
import { accumulate, at, finish } from '../tests/oracle.js';
import type { ByteArray } from './binding.js';
import { allocateOutput } from './epilogue.js';
import { matmul, matmulInteger } from './gemm.js';
import { packWeights } from './packed-weights.js';

const products = fc
  .record({
    m: fc.integer({ min: 0, max: 9 }),
    k: fc.integer({ min: 0, max: 70 }),
    n: fc.integer({ min: 1, max: 70 }),
    aSigned: fc.boolean(),
    wSigned: fc.boolean(),
    transposed: fc.boolean(),
    padding: fc.integer({ min: 0, max: 3 }),
  })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      a: bytes(shape.m * shape.k, shape.aSigned),
      weights: bytes(shape.k * shape.n, shape.wSigned),
      aZeroPoints: zeroPoints(shape.m, shape.aSigned),
      weightZeroPoints: zeroPoints(shape.n, shape.wSigned),
      epilogue: epilogues(shape.m, shape.n, shape.m * shape.n),
    }),
  );

/** Rows of `columns` elements with `padding` unused ones after each. */
function padded(a: ByteArray, rows: number, columns: number, padding: number): ByteArray {
  const stride = columns + padding;
  const out = a instanceof Int8Array ? new Int8Array(rows * stride) : new Uint8Array(rows * stride);
  for (let r = 0; r < rows; r++) out.set(a.subarray(r * columns, (r + 1) * columns), r * stride);
  return out;
}

describeWithAddon('matmul', () => {
  it('has the bits of the definition for any signs, zero points, strides and epilogue', () => {
    fc.assert(
      fc.property(products, ({ shape, a, weights, aZeroPoints, weightZeroPoints, epilogue }) => {
        const { m, k, n, transposed, padding } = shape;
        const data = transposed
          ? weights.map((_, i) => at(weights, (i % k) * n + Math.floor(i / k)))
          : weights;
        using packed = packWeights({ data, k, n, transposed, zeroPoints: weightZeroPoints });
        const out = matmul({
          a: padded(a, m, k, padding),
          m,
          stride: k + padding,
          zeroPoints: aZeroPoints,
          packed,
          epilogue,
        });
        const sums = accumulate(a, aZeroPoints, weights, weightZeroPoints, [m, k, n]);
        const expected = allocateOutput(epilogue, m * n);
        for (let i = 0; i < m * n; i++) {
          expected[i] = finish(at(sums, i), Math.floor(i / n), i % n, epilogue, i);
        }
        expect(out).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('writes only its own columns of a wider output', () => {
    using packed = packWeights({ data: Int8Array.of(1, 2), k: 1, n: 2 });
    const out = new Int32Array(6).fill(9);
    matmul({ a: Uint8Array.of(3, 4), m: 2, packed, epilogue: { output: 'int32' }, out, outStride: 4 });
    expect([...out]).toEqual([3, 6, 9, 9, 4, 8]);
  });

  it('wraps accumulators at 2^32 like the definition', () => {
    const k = 70_000;
    using packed = packWeights({ data: new Int8Array(k).fill(-128), k, n: 1 });
    const out = matmulInteger({ a: new Uint8Array(k).fill(255), m: 1, packed });
    expect(out[0]).toBe((255 * -128 * k) | 0);
  });

  it('types its output by the epilogue', () => {
    using packed = packWeights({ data: Int8Array.of(2), k: 1, n: 1 });
    const a = Uint8Array.of(3);
    const quantized = matmul({ a, m: 1, packed, epilogue: { output: 'uint8', scales: 0.5, zeroPoint: 1 } });
    expectTypeOf(quantized).toEqualTypeOf<Uint8Array>();
    expectTypeOf(matmulInteger({ a, m: 1, packed })).toEqualTypeOf<Int32Array>();
    expect([...quantized]).toEqual([4]);
  });

  it('refuses to run on weights that were disposed, and lets them be disposed twice', () => {
    const packed = packWeights({ data: Int8Array.of(2), k: 1, n: 1 });
    packed.dispose();
    packed.dispose();
    expect(() => matmulInteger({ a: Uint8Array.of(3), m: 1, packed })).toThrowError(/released weights/);
  });

  it('says which argument it refuses, what it expected and what it found', () => {
    using packed = packWeights({ data: new Int8Array(6), k: 3, n: 2 });
    const a = new Uint8Array(5);
    expect(() => matmulInteger({ a, m: 2, packed })).toThrowError(
      expect.objectContaining({
        code: 'CPU_INVALID_ARGUMENT',
        message: '@octavo/cpu: matmul: lhs: expected at least 6 elements, found 5',
      }),
    );
  });

  it('refuses an output of another type than the epilogue writes', () => {
    using packed = packWeights({ data: Int8Array.of(2), k: 1, n: 1 });
    const wrong: Int32Array = Reflect.construct(Float32Array, [1]);
    expect(() => matmulInteger({ a: Uint8Array.of(1), m: 1, packed, out: wrong })).toThrowError(
      /out: expected Int32Array for the output int32, found Float32Array/,
    );
  });
});
