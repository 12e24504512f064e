import { elementCount, stridesOf } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { broadcastIndices, OUTSIDE, pickIndices, pickRuns, stridedIndices, upTo } from './indices.js';

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });

describe('index maps', () => {
  it('count up along the strides of the own shape', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        expect(stridedIndices(shape, stridesOf(shape))).toEqual(upTo(elementCount(shape)));
        expect(pickIndices(shape, shape.map(upTo))).toEqual(upTo(elementCount(shape)));
      }),
    );
  });

  it('join into runs what is picked one behind another', () => {
    const list = (size: number) =>
      fc.oneof(
        fc.constant(upTo(size)),
        fc.tuple(fc.nat(size - 1), fc.nat(size)).map(([a, b]) => upTo(size).slice(a, Math.max(a, b))),
        fc.array(fc.integer({ min: OUTSIDE, max: size - 1 }), { maxLength: 4 }),
      );
    const picks = shapes.chain((shape) => fc.tuple(fc.constant(shape), fc.tuple(...shape.map(list))));
    fc.assert(
      fc.property(picks, ([shape, lists]) => {
        const { starts, length } = pickRuns(shape, lists);
        const all = [...starts].flatMap((start) =>
          Array.from(upTo(length), (i) => (start === OUTSIDE ? OUTSIDE : start + i)),
        );
        expect(all).toEqual([...pickIndices(shape, lists)]);
      }),
    );
    expect(pickRuns([4, 3, 2], [upTo(4), [1, 2], [0, 1]])).toEqual({
      starts: Int32Array.of(2, 8, 14, 20),
      length: 4,
    });
  });

  it('name the element with the coordinates picked, or none when one is outside', () => {
    const lists = [
      [1, 0],
      [2, OUTSIDE, 0],
    ];
    expect([...pickIndices([2, 3], lists)]).toEqual([5, OUTSIDE, 3, 2, OUTSIDE, 0]);
  });

  it('have no element when a list is empty', () => {
    expect(pickIndices([2, 3], [[0, 1], []])).toHaveLength(0);
  });

  it('take no memory for the long axes of an empty result', () => {
    const longest = 2 ** 31 - 1;
    expect(stridedIndices([longest, longest, 0], [0, 0, 0])).toHaveLength(0);
    expect(pickIndices([1, 0], [{ length: longest }, []])).toHaveLength(0);
  });

  it('repeat axes of size 1 only', () => {
    expect([...broadcastIndices([2, 1], [2, 3])]).toEqual([0, 0, 0, 1, 1, 1]);
    for (const from of [[2], [1, 2, 3], [3, 3]]) {
      expect(() => broadcastIndices(from, [2, 3])).toThrow(
        expect.objectContaining({ code: 'TENSOR_BROADCAST' }),
      );
    }
  });
});
