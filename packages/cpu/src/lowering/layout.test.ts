import { fromNumbers } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { channelsLast } from './channels-last.js';
import { isLayoutFree, layoutStrides } from './layout.js';

it.each([
  [[2, 3, 4, 5], 'nchw', [60, 20, 5, 1]],
  [[2, 3, 4, 5], 'nhwc', [60, 1, 15, 3]],
  [[2, 3, 4], 'nhwc', [12, 1, 3]],
  [[2, 3], 'nhwc', [3, 1]],
  [[], 'nhwc', []],
] as const)('strides of %j in %s are %j', (shape, layout, strides) => {
  expect(layoutStrides(shape, layout)).toEqual(strides);
});

it('moves channels behind the spatial axes', () => {
  const values = Array.from({ length: 24 }, (_, i) => i);
  const out = channelsLast(fromNumbers('int16', [2, 3, 2, 2], values));
  const strides = layoutStrides([2, 3, 2, 2], 'nhwc');
  const expected = new Int16Array(24);
  values.forEach((value) => {
    const index = [Math.floor(value / 12), Math.floor(value / 4) % 3, Math.floor(value / 2) % 2, value % 2];
    expected[index.reduce((sum, at, axis) => sum + at * (strides[axis] ?? 0), 0)] = value;
  });
  expect(out).toEqual(expected);
});

it('knows when the order does not matter', () => {
  expect(
    [
      [1, 8, 1, 1],
      [2, 1, 5, 5],
      [4, 3],
      [1, 2, 2, 1],
    ].map(isLayoutFree),
  ).toEqual([true, true, true, false]);
});
