import { float32, Tensor, toNumbers } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { concat } from './concat.js';

const bytes = (shape: readonly number[], ...data: number[]) =>
  new Tensor('uint8', shape, Uint8Array.from(data));

it.each([1, 5, 16, 40])('joins %i columns with three', (columns) => {
  const a = Float32Array.from({ length: 2 * columns }, (_, i) => i);
  const b = Float32Array.of(-1, -2, -3, -4, -5, -6);
  const joined = concat([float32(a, [2, columns]), float32(b, [2, 3])], 1);
  expect(joined.shape).toEqual([2, columns + 3]);
  expect(toNumbers(joined)).toEqual(
    Float32Array.of(...a.subarray(0, columns), -1, -2, -3, ...a.subarray(columns), -4, -5, -6),
  );
});

it('joins nothing with something', () => {
  const nothing = bytes([2, 0]);
  expect(toNumbers(concat([nothing, bytes([2, 1], 1, 2)], 1))).toEqual(Uint8Array.of(1, 2));
});

it('joins empty tensors at once, however long their other axes are', () => {
  const long = bytes([2 ** 40, 1, 0]);
  expect(concat([long, long], 1).shape).toEqual([2 ** 40, 2, 0]);
  const longer = bytes([2 ** 40, 2 ** 40, 0]);
  expect(concat([longer, longer], 2).shape).toEqual([2 ** 40, 2 ** 40, 0]);
});
