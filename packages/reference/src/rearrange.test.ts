import {
  ALL_DTYPES,
  byteLengthOf,
  type DType,
  elementCount,
  stringTensor,
  type Tensor,
  tensorFromBytes,
} from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OUTSIDE, pickIndices, upTo } from './indices.js';
import { elementsOf, filled, gatherElements, gatherRuns, tensorOfElements, tiled } from './rearrange.js';

/** A tensor of `count` elements that differ where the dtype has room for that. */
function sample(dtype: DType, count: number): Tensor {
  if (dtype === 'string') return stringTensor(Array.from(upTo(count), (i) => 'é'.repeat(i)));
  const bytes = Uint8Array.from({ length: byteLengthOf(dtype, count) }, (_, i) => (i * 37 + 11) % 251);
  const tensor = tensorFromBytes(dtype, [count], bytes);
  return tensorOfElements(dtype, [count], elementsOf(tensor));
}

/** Element `i` alone, as its bytes. */
function element(tensor: Tensor, i: number): number[] {
  const one = elementsOf(tensor).slice(i, i + 1);
  return Array.from(tensorOfElements(tensor.dtype, [1], one).bytes);
}

describe('moving elements', () => {
  it.each(ALL_DTYPES)('puts %s elements back as they were', (dtype) => {
    const tensor = sample(dtype, 7);
    expect(tensorOfElements(dtype, [7], elementsOf(tensor)).bytes).toEqual(tensor.bytes);
  });

  it.each(ALL_DTYPES)('gathers %s elements by index', (dtype) => {
    fc.assert(
      fc.property(fc.array(fc.nat(6), { maxLength: 9 }), (indices) => {
        const tensor = sample(dtype, 7);
        const gathered = gatherElements(tensor, [indices.length], indices);
        expect(indices.map((_, i) => element(gathered, i))).toEqual(
          indices.map((index) => element(tensor, index)),
        );
      }),
      { numRuns: 20 },
    );
  });

  it.each(ALL_DTYPES)('fills %s elements that come from nowhere', (dtype) => {
    const tensor = sample(dtype, 3);
    const fill = gatherElements(tensor, [], [1]);
    const gathered = gatherElements(tensor, [2], [OUTSIDE, 2], fill);
    expect([element(gathered, 0), element(gathered, 1)]).toEqual([element(tensor, 1), element(tensor, 2)]);
    const zero = gatherElements(tensor, [1], [OUTSIDE]);
    expect(zero.bytes.every((byte) => byte === 0)).toBe(true);
  });

  it.each(ALL_DTYPES)('gathers runs of %s elements as it does each of them', (dtype) => {
    const tensor = sample(dtype, 7);
    const fill = gatherElements(tensor, [], [1]);
    const runs = { starts: Int32Array.of(4, OUTSIDE, 0, 2), length: 3 };
    const indices = [4, 5, 6, OUTSIDE, OUTSIDE, OUTSIDE, 0, 1, 2, 2, 3, 4];
    for (const filling of [fill, undefined]) {
      const expected = gatherElements(tensor, [4, 3], indices, filling);
      expect(gatherRuns(tensor, [4, 3], runs, filling).bytes).toEqual(expected.bytes);
    }
  });

  it('keeps the payload of a NaN', () => {
    const nan = tensorFromBytes('float32', [1], Uint8Array.of(1, 0, 0xa0, 0xff));
    expect(Array.from(gatherElements(nan, [1], [0]).bytes)).toEqual([1, 0, 0xa0, 0xff]);
  });

  it.each(ALL_DTYPES)('repeats one %s element', (dtype) => {
    const one = gatherElements(sample(dtype, 3), [], [2]);
    expect(filled(one, [2, 2]).bytes).toEqual(gatherElements(one, [2, 2], [0, 0, 0, 0]).bytes);
  });

  it('tiles each axis as often as it is told', () => {
    const axis = fc.record({ size: fc.nat(3), times: fc.nat(3) });
    fc.assert(
      fc.property(fc.constantFrom(...ALL_DTYPES), fc.array(axis, { maxLength: 3 }), (dtype, axes) => {
        const shape = axes.map(({ size }) => size);
        const tensor = sample(dtype, elementCount(shape)).reshape(shape);
        const coordinates = axes.map(({ size, times }) => upTo(size * times).map((i) => i % size));
        const result = tiled(
          tensor,
          axes.map(({ times }) => times),
        );
        expect(result.shape).toEqual(coordinates.map((list) => list.length));
        expect(result.bytes).toEqual(
          gatherElements(tensor, result.shape, pickIndices(shape, coordinates)).bytes,
        );
      }),
    );
  });

  it('tiles nothing along an axis that another one leaves empty', () => {
    expect(tiled(sample('int8', 4).reshape([2, 2]), [0, 1e12]).shape).toEqual([0, 2e12]);
  });
});
