import { type Shape, stridesOf } from '@octavo/core/tensor';

/** Marks an output element that comes from no input element. */
export const OUTSIDE = -1;

/**
 * For each element of `shape` in row-major order: `offset` plus the sum of coordinate times stride.
 * This is the whole of Transpose, Expand and every other strided view.
 */
export function stridedIndices(shape: Shape, strides: readonly number[], offset = 0): Int32Array {
  let indices: Int32Array = Int32Array.of(offset);
  shape.forEach((size, axis) => {
    const stride = strides[axis] ?? 0;
    const next = new Int32Array(indices.length * size);
    for (let i = 0, to = 0; i < indices.length; i++) {
      const base = indices[i] ?? 0;
      for (let j = 0; j < size; j++) next[to++] = base + j * stride;
    }
    indices = next;
  });
  return indices;
}

/** For each element of `to`: the element of `from` that numpy's broadcasting repeats there. */
export function broadcastIndices(from: Shape, to: Shape): Int32Array {
  const strides = stridesOf(from).map((stride, axis) => (from[axis] === 1 ? 0 : stride));
  const missing = new Array<number>(to.length - from.length).fill(0);
  return stridedIndices(to, [...missing, ...strides]);
}

/**
 * For each combination of the lists' entries in row-major order: the element of `shape` with those coordinates.
 * An entry of {@link OUTSIDE} makes every combination with it OUTSIDE. This is the whole of Slice, Pad, Tile,
 * Gather along an axis and nearest resizing.
 */
export function pickIndices(shape: Shape, coordinates: readonly ArrayLike<number>[]): Int32Array {
  const strides = stridesOf(shape);
  let indices: Int32Array = Int32Array.of(0);
  coordinates.forEach((list, axis) => {
    const stride = strides[axis] ?? 0;
    const next = new Int32Array(indices.length * list.length);
    for (let i = 0, to = 0; i < indices.length; i++) {
      const base = indices[i] ?? 0;
      for (let j = 0; j < list.length; j++) {
        const at = list[j] ?? 0;
        next[to++] = base === OUTSIDE || at === OUTSIDE ? OUTSIDE : base + at * stride;
      }
    }
    indices = next;
  });
  return indices;
}

/** 0, 1 ... before `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
