import { expect, it } from 'vitest';
import { channelOfOtherScale } from './bias-scale.js';
import { PER_TENSOR, type QuantizedType, type StorageDType } from './quantized-type.js';

function typeOf(storage: StorageDType, ...scales: number[]): QuantizedType {
  const granularity = scales.length === 1 ? PER_TENSOR : ({ kind: 'per-axis', axis: 0 } as const);
  const zeroPoints = new Int32Array(scales.length);
  return {
    storage,
    expressed: 'float32',
    granularity,
    symmetric: true,
    scales: Float32Array.from(scales),
    zeroPoints,
  };
}

const x = typeOf('uint8', 0.5);

it.each([
  ['the products of its scales', [0.25, 0.75, 2], [0.5, 1.5, 4], -1],
  ['one scale for all', [0.25], [0.5], -1],
  ['one scale where the weights have equal ones', [0.25], [0.5, 0.5], -1],
  ['the scales of two groups that share weights', [0.25, 0.75, 0.25, 0.75], [0.5, 1.5], -1],
  ['a scale that rounding explains', [0.25 * (1 + 2 ** -21)], [0.5], -1],
  ['a scale that rounding does not explain', [0.25, 0.75 * (1 + 2 ** -19)], [0.5, 1.5], 1],
  ['another scale in the last channel', [0.25, 0.75, 2.5], [0.5, 1.5, 4], 2],
  ['another scale in the second group', [0.25, 0.75, 0.25, 0.5], [0.5, 1.5], 3],
])('finds the channel of a bias with %s', (_, bias, weights, channel) => {
  expect(channelOfOtherScale(typeOf('int32', ...bias), x, typeOf('int8', ...weights))).toBe(channel);
});

it('answers anew for other operands of the same bias', () => {
  const bias = typeOf('int32', 0.25);
  const w = typeOf('int8', 0.5);
  expect(channelOfOtherScale(bias, x, w)).toBe(-1);
  expect(channelOfOtherScale(bias, x, typeOf('int8', 0.75))).toBe(0);
  expect(channelOfOtherScale(bias, typeOf('uint8', 0.25), w)).toBe(0);
  expect(channelOfOtherScale(bias, x, w)).toBe(-1);
});
