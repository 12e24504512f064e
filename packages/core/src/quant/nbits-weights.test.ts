import { describe, expect, it } from 'vitest';
import { float32, fromNumbers } from '../tensor/index.js';
import { nbitsIntegers } from './nbits-weights.js';

/** Rows of 5 integers in blocks of 4: the second block is padded. */
const layout = { K: 5, N: 2, bits: 4, block_size: 4 };
const packed = fromNumbers('uint8', [2, 2, 2], [0x21, 0x43, 0x05, 0x00, 0xa9, 0xcb, 0x0d, 0x00]);
const scales = float32([1, 2, 3, 4], [4]);

describe('nbitsIntegers', () => {
  it('reads rows low bits first, without their padding', () => {
    const found = nbitsIntegers(packed, scales, undefined, layout);
    expect([...(found?.integers ?? [])]).toEqual([1, 2, 3, 4, 5, 9, 10, 11, 12, 13]);
    expect(found).toMatchObject({ shape: [2, 5], type: { storage: 'uint4', symmetric: true } });
    expect([...(found?.type.zeroPoints ?? [])]).toEqual([8, 8, 8, 8]);
  });

  it('reads zero points by row', () => {
    const zeros = fromNumbers('uint8', [2], [0x71, 0x39]);
    const found = nbitsIntegers(packed, scales, zeros, layout);
    expect([...(found?.type.zeroPoints ?? [])]).toEqual([1, 7, 9, 3]);
    expect(found?.type.symmetric).toBe(false);
  });

  it('reads nothing of other bits, sizes and zero points', () => {
    const bytes = fromNumbers('uint8', [1], [0]);
    expect(nbitsIntegers(packed, scales, undefined, { ...layout, bits: 3 })).toBeUndefined();
    expect(nbitsIntegers(packed, scales, undefined, { ...layout, block_size: 0 })).toBeUndefined();
    expect(nbitsIntegers(packed, scales, undefined, { ...layout, N: 3 })).toBeUndefined();
    expect(nbitsIntegers(packed, scales, bytes, layout)).toBeUndefined();
    expect(nbitsIntegers(packed, scales, float32([1, 2, 3, 4], [4]), layout)).toBeUndefined();
  });
});
