import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { at } from '../tests/oracle.js';
import { type BlockWeightsToPack, blockMatmul, packBlockWeights } from './block-gemm.js';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const numbers = (length: number) =>
  fc
    .array(fc.integer({ min: -64, max: 64 }), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values, (x) => x / 16));

const products = fc
  .record({
    m: fc.integer({ min: 0, max: 9 }),
    k: fc.integer({ min: 1, max: 80 }),
    n: fc.integer({ min: 1, max: 20 }),
    bits: fc.constantFrom(2 as const, 4 as const, 8 as const),
    blockSize: fc.constantFrom(16, 32, 128),
    format: fc.constantFrom('matmulnbits' as const, 'dequantize-linear' as const),
    signed: fc.boolean(),
  })
  .chain((size) => {
    const { m, k, n, bits, blockSize, format } = size;
    const blocks = Math.ceil(k / blockSize);
    const rows = format === 'matmulnbits';
    const zeroPoints = rows ? n * Math.ceil((blocks * bits) / 8) : Math.ceil((blocks * n * bits) / 8);
    return fc.record({
      size: fc.constant({ ...size, signed: size.signed && !rows, blocks }),
      a: numbers(m * k),
      data: bytes(Math.ceil(((rows ? n * blocks * blockSize : k * n) * bits) / 8)),
      scales: numbers(blocks * n),
      zeroPoints: fc.option(bytes(zeroPoints), { nil: undefined }),
    });
  });

type Weights = BlockWeightsToPack & { readonly blocks: number };

function numberAt(packed: Uint8Array, index: number, { bits, signed }: Weights): number {
  const bit = index * bits;
  const q = (at(packed, bit >> 3) >> (bit & 7)) & (2 ** bits - 1);
  return signed && q >= 2 ** (bits - 1) ? q - 2 ** bits : q;
}

/** Weight (k, n), straight from the definition of its format. */
function weightAt(weights: Weights, k: number, n: number): number {
  const { format, data, bits, blockSize, signed, scales, zeroPoints, blocks } = weights;
  const rows = format === 'matmulnbits';
  const block = Math.floor(k / blockSize);
  const rowSlots = Math.ceil((blocks * bits) / 8) * (8 / bits);
  const q = numberAt(data, rows ? n * blocks * blockSize + k : k * weights.n + n, weights);
  const middle = signed ? 0 : 2 ** (bits - 1);
  const zero = zeroPoints
    ? numberAt(zeroPoints, rows ? n * rowSlots + block : block * weights.n + n, weights)
    : middle;
  return (q - zero) * at(scales, rows ? n * blocks + block : block * weights.n + n);
}

describeWithAddon('blockMatmul', () => {
  it('multiplies by weights of both formats, exactly or within the grid of int8', () => {
    fc.assert(
      fc.property(products, fc.boolean(), ({ size, a, data, scales, zeroPoints }, dynamic) => {
        const { m, k, n, blockSize } = size;
        const weights: Weights = { ...size, data, scales, zeroPoints };
        using packed = packBlockWeights(weights);
        const y = blockMatmul({ a, m, packed, mode: dynamic ? 'dynamic-int8' : 'exact' });
        expect(y).toHaveLength(m * n);
        y.forEach((found, i) => {
          const [r, c] = [Math.floor(i / n), i % n];
          let [sum, magnitude, grid] = [0, 0, 0];
          for (let j = 0; j < k; j++) {
            const w = weightAt(weights, j, c);
            sum += at(a, r * k + j) * w;
            magnitude += Math.abs(at(a, r * k + j) * w);
            const start = Math.floor(j / blockSize) * blockSize;
            const block = a.subarray(r * k + start, r * k + Math.min(k, start + blockSize));
            // Half a step of the activations' grid.
            grid += (Math.abs(w) * Math.max(...block.map(Math.abs))) / 127 / 2;
          }
          const bound = 2 * (k + 2) * 2 ** -24 * (magnitude + grid) + (dynamic ? grid : 0);
          expect(Math.abs(found - sum)).toBeLessThanOrEqual(bound);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('refuses weights that are too short for their sizes', () => {
    const pack = (change: Partial<BlockWeightsToPack>) => () =>
      packBlockWeights({
        format: 'matmulnbits',
        data: new Uint8Array(32),
        bits: 4,
        k: 32,
        n: 2,
        blockSize: 16,
        scales: new Float32Array(4).fill(1),
        ...change,
      });
    using packed = pack({})();
    expect([packed.k, packed.n]).toEqual([32, 2]);
    expect(pack({ data: new Uint8Array(31) })).toThrow(/data: expected/);
    expect(pack({ scales: new Float32Array(3) })).toThrow(/scales: expected/);
    expect(pack({ scales: new Float32Array(4).fill(Number.NaN) })).toThrow(/finite/);
    expect(pack({ zeroPoints: new Uint8Array(1) })).toThrow(/zeroPoints: expected/);
    expect(pack({ blockSize: 24, data: new Uint8Array(64) })).toThrow(/block_size/);
    expect(pack({ n: 2 ** 52 })).toThrow();
    packed.dispose();
    expect(() => blockMatmul({ a: new Float32Array(32), m: 1, packed, mode: 'exact' })).toThrow(/released/);
  });
});
