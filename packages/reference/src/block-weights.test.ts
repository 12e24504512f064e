import { float32, Tensor } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { blockWeights } from './block-weights.js';

const layout = { K: 5, N: 1, bits: 4, block_size: 4 };
const scales = float32([1, 10], [1, 2]);

describe('blockWeights', () => {
  it('unpacks the low nibble first, subtracts 8 and scales each block', () => {
    const packed = new Tensor('uint8', [1, 2, 2], Uint8Array.of(0x98, 0xba, 0x0f, 0x00));
    expect(Array.from(blockWeights(packed, scales, undefined, layout, Float32Array))).toEqual([
      0, 1, 2, 3, 70,
    ]);
  });

  it('reads zero points packed by row or given as floats', () => {
    const packed = new Tensor('uint8', [1, 2, 2], Uint8Array.of(0x98, 0xba, 0x0f, 0x00));
    const inRow = new Tensor('uint8', [1], Uint8Array.of(0x58));
    expect(Array.from(blockWeights(packed, scales, inRow, layout, Float32Array))).toEqual([0, 1, 2, 3, 100]);
    const floats = float32([8.5, 5], [1, 2]);
    expect(Array.from(blockWeights(packed, scales, floats, layout, Float32Array))).toEqual([
      -0.5, 0.5, 1.5, 2.5, 100,
    ]);
  });

  it('transposes to [K, N]', () => {
    const packed = new Tensor('uint8', [2, 1, 4], Uint8Array.of(129, 130, 0, 0, 131, 132, 0, 0));
    const wide = { K: 2, N: 2, bits: 8, block_size: 4 };
    const each = blockWeights(packed, float32([1, 1]), undefined, wide, Float64Array);
    expect(Array.from(each)).toEqual([1, 3, 2, 4]);
  });

  it('refuses tensors that the attributes do not describe', () => {
    const short = new Tensor('uint8', [1, 2, 1], Uint8Array.of(1, 2));
    expect(() => blockWeights(short, scales, undefined, layout, Float32Array)).toThrow(
      'B holds 4 numbers; K, N, bits and block_size demand 8.',
    );
    const far = { ...layout, K: 2 ** 20, N: 2 ** 20 };
    expect(() => blockWeights(short, scales, undefined, far, Float32Array)).toThrow(/^B holds 4 numbers/);
    const packed = new Tensor('uint8', [1, 2, 2], new Uint8Array(4));
    expect(() => blockWeights(packed, float32([1]), undefined, layout, Float32Array)).toThrow(/scales/);
  });
});
