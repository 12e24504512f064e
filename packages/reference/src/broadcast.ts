import { broadcastShapes, type Shape, sameShape } from '@octavo/core/tensor';
import { broadcastIndices } from './indices.js';

/** Elements and their shape. */
export interface ShapedElements<T> {
  readonly elements: ArrayLike<T>;
  readonly shape: Shape;
}

/** An array that results are written to. */
export interface Writable<T> {
  [index: number]: T;
}

/** `target[i] = combine(a, b)` for each element of the broadcast shape, in row-major order. */
export function combineBroadcast<A, B, R>(
  a: ShapedElements<A>,
  b: ShapedElements<B>,
  target: Writable<R>,
  combine: (a: A, b: B) => R,
): void {
  const [left, right] = [a.elements, b.elements];
  const shape = broadcastShapes(a.shape, b.shape);
  if (sameShape(a.shape, b.shape)) {
    for (let i = 0; i < left.length; i++) target[i] = combine(left[i] as A, right[i] as B);
    return;
  }
  if (right.length === 1 && sameShape(a.shape, shape)) {
    const value = right[0] as B;
    for (let i = 0; i < left.length; i++) target[i] = combine(left[i] as A, value);
    return;
  }
  const [fromA, fromB] = [broadcastIndices(a.shape, shape), broadcastIndices(b.shape, shape)];
  for (let i = 0; i < fromA.length; i++) {
    target[i] = combine(left[fromA[i] ?? 0] as A, right[fromB[i] ?? 0] as B);
  }
}
