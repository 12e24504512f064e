import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { at } from '../tests/oracle.js';
import { floatMatmul, packFloatWeights } from './float-gemm.js';
import { fromHalf, toHalf } from './half-floats.js';

/** Sums of the tiniest numbers round to multiples of the smallest float: the bound is for others. */
const ordinary = fc.float({ min: -4, max: 4, noNaN: true }).map((x) => (Math.abs(x) < 2 ** -40 ? 0 : x));

const numbers = (count: number) =>
  fc.array(ordinary, { minLength: count, maxLength: count }).map((values) => Float32Array.from(values));

const products = fc
  .record({
    m: fc.integer({ min: 0, max: 9 }),
    k: fc.integer({ min: 0, max: 40 }),
    n: fc.integer({ min: 1, max: 40 }),
  })
  .chain(({ m, k, n }) =>
    fc.record({
      size: fc.constant([m, k, n] as const),
      transposed: fc.boolean(),
      type: fc.constantFrom('float32' as const, 'float16' as const, 'bfloat16' as const),
      a: numbers(m * k),
      weights: numbers(k * n),
      bias: fc.option(numbers(n), { nil: undefined }),
      residual: fc.option(numbers(m * n), { nil: undefined }),
    }),
  );

describeWithAddon('floatMatmul', () => {
  it('is as near the exact sum as docs/numerics.md says, for weights of 32 and 16 bits', () => {
    fc.assert(
      fc.property(products, ({ size: [m, k, n], transposed, type, a, weights, bias, residual }) => {
        const w = type === 'float32' ? weights : fromHalf(toHalf(weights, type), type);
        const order = Float32Array.from(w, (_, i) =>
          transposed ? at(w, (i % k) * n + Math.floor(i / k)) : at(w, i),
        );
        const half = type === 'bfloat16' ? 'bfloat16' : 'float16';
        const data = type === 'float32' ? order : toHalf(order, half);
        using packed = packFloatWeights({ data, type: half, k, n, transposed });
        const activation = { kind: 'leakyRelu', alpha: 0.5 } as const;
        const y = floatMatmul({ a, m, packed, bias, residual, activation });
        expect(y).toHaveLength(m * n);
        y.forEach((found, i) => {
          const [r, c] = [Math.floor(i / n), i % n];
          const terms = Array.from({ length: k }, (_, j) => at(a, r * k + j) * at(w, j * n + c));
          terms.push(bias ? at(bias, c) : 0, residual ? at(residual, i) : 0);
          const exact = terms.reduce((sum, term) => sum + term, 0);
          const magnitude = terms.reduce((sum, term) => sum + Math.abs(term), 0);
          const bound = 2 * (k + 2) * 2 ** -24 * magnitude;
          expect(Math.abs(found - (exact >= 0 ? exact : exact / 2))).toBeLessThanOrEqual(bound);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('computes in bfloat16 where asked: both sides rounded, summed in float32', () => {
    const sides = fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 33 }))
      .chain(([m, k]) => fc.tuple(fc.constant(k), numbers(m * k), numbers(k * 3)));
    const rounded = (x: Float32Array) => fromHalf(toHalf(x, 'bfloat16'), 'bfloat16');
    fc.assert(
      fc.property(sides, fc.boolean(), ([k, a, w], asBits) => {
        const data = asBits ? toHalf(w, 'bfloat16') : w;
        using packed = packFloatWeights({ data, type: 'bfloat16', k, n: 3, compute: 'bf16' });
        const [a16, w16] = [rounded(a), rounded(w)];
        floatMatmul({ a, m: a.length / k, packed }).forEach((found, i) => {
          const [r, c] = [Math.floor(i / 3), i % 3];
          const terms = Array.from({ length: k }, (_, j) => at(a16, r * k + j) * at(w16, j * 3 + c));
          const magnitude = terms.reduce((sum, term) => sum + Math.abs(term), 0);
          const exact = terms.reduce((sum, term) => sum + term, 0);
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(2 * k * 2 ** -24 * magnitude);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('refuses to compute in bfloat16 with float16 weights', () => {
    const weights = { data: new Uint16Array(6), k: 2, n: 3, compute: 'bf16' } as const;
    expect(() => packFloatWeights(weights)).toThrowError(/weights.type: expected .* bfloat16/);
  });

  it('writes only its own columns of a wider output', () => {
    using packed = packFloatWeights({ data: Float32Array.of(1, 2), k: 1, n: 2 });
    const out = new Float32Array(6).fill(9);
    floatMatmul({ a: Float32Array.of(3, 4), m: 2, packed, out, outStride: 4, threads: 1 });
    expect([...out]).toEqual([3, 6, 9, 9, 4, 8]);
  });

  it('ends in any activation', () => {
    using packed = packFloatWeights({ data: Float32Array.of(1), k: 1, n: 1 });
    const a = Float32Array.of(-4, -1, 1, 4);
    const ends = (activation: Parameters<typeof floatMatmul>[0]['activation']) =>
      [...floatMatmul({ a, m: 4, packed, activation })].map((y) => Math.round(y * 1e4) / 1e4);
    expect(ends({ kind: 'clip', min: 0 })).toEqual([0, 0, 1, 4]);
    expect(ends({ kind: 'clip', max: 2 })).toEqual([-4, -1, 1, 2]);
    expect(ends({ kind: 'leakyRelu', alpha: 0.25 })).toEqual([-1, -0.25, 1, 4]);
    expect(ends({ kind: 'hardSigmoid' })).toEqual([0, 0.3, 0.7, 1]);
    expect(ends({ kind: 'hardSwish' })).toEqual([-0, -0.3333, 0.6667, 4]);
  });

  it('refuses arrays that are too short and weights that are gone', () => {
    const packed = packFloatWeights({ data: new Float32Array(6), k: 2, n: 3 });
    const a = new Float32Array(4);
    expect(() => floatMatmul({ a, m: 3, packed })).toThrowError(/lhs: expected at least 6 elements, found 4/);
    expect(() => floatMatmul({ a, m: 2, packed, bias: new Float32Array(2) })).toThrowError(/bias: expected/);
    packed.dispose();
    expect(() => floatMatmul({ a, m: 2, packed })).toThrowError(/released weights/);
    expect(() => packFloatWeights({ data: new Float32Array(5), k: 2, n: 3 })).toThrowError(/data: expected/);
  });
});
