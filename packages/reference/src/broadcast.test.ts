import { broadcastShapes, elementCount, type Shape, stridesOf } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineBroadcast } from './broadcast.js';
import { upTo } from './indices.js';

/** Two shapes that broadcast: each axis of a common shape is kept, made 1, or (in front) left out. */
const pairs = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean(), fc.boolean()), { maxLength: 4 })
  .chain((axes) =>
    fc
      .tuple(fc.nat(axes.length), fc.nat(axes.length))
      .map(([cutA, cutB]): [Shape, Shape] => [
        axes.map(([size, keep]) => (keep ? size : 1)).slice(cutA),
        axes.map(([size, , keep]) => (keep ? size : 1)).slice(cutB),
      ]),
  );

/** The element of `shape` that numpy's broadcasting puts at element `index` of `to`. */
function sourceOf(index: number, shape: Shape, to: Shape): number {
  const strides = stridesOf(to);
  return shape.reduce((place, size, axis) => {
    const back = to.length - shape.length + axis;
    const coordinate = Math.floor(index / (strides[back] ?? 1)) % (to[back] ?? 1);
    return place * size + (size === 1 ? 0 : coordinate);
  }, 0);
}

describe('broadcasting', () => {
  it('pairs the elements that equal coordinates name, an axis of size 1 having only coordinate 0', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const shape = broadcastShapes(a, b);
        const found: string[] = [];
        combineBroadcast(
          { elements: upTo(elementCount(a)), shape: a },
          { elements: upTo(elementCount(b)), shape: b },
          found,
          (x, y) => `${x} ${y}`,
        );
        const expected = Array.from(
          upTo(elementCount(shape)),
          (i) => `${sourceOf(i, a, shape)} ${sourceOf(i, b, shape)}`,
        );
        expect(found).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
