import {
  broadcastShapes,
  elementCount,
  KernelError,
  type Shape,
  sameShape,
  stridesOf,
  TensorError,
} from '@octavo/core/tensor';

/** The most elements that an index map can name: indices are int32. */
const LARGEST = 2 ** 31 - 1;

/** Number of elements of a result. Throws KernelError `KERNEL_SIZE` before too much memory is asked for. */
export function resultSize(shape: Shape): number {
  const count = elementCount(shape);
  if (count <= LARGEST) return count;
  throw new KernelError({
    code: 'KERNEL_SIZE',
    message: `a result of shape [${shape.join(', ')}] has more than ${LARGEST} elements.`,
  });
}

/** Marks an output element that comes from no input element. */
export const OUTSIDE = -1;

/**
 * For each element of `shape` in row-major order: `offset` plus the sum of coordinate times stride.
 * This is the whole of Transpose, Expand and every other strided view.
 */
export function stridedIndices(shape: Shape, strides: readonly number[], offset = 0): Int32Array {
  // An empty result is answered first: its other axes may be too long to be laid out.
  if (resultSize(shape) === 0) return new Int32Array(0);
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

/**
 * For each element of `to`: the element of `from` that numpy's broadcasting repeats there.
 * Throws TensorError `TENSOR_BROADCAST` when `from` does not broadcast to `to`.
 */
export function broadcastIndices(from: Shape, to: Shape): Int32Array {
  if (!sameShape(broadcastShapes(from, to), to)) {
    throw new TensorError({
      code: 'TENSOR_BROADCAST',
      message: `shape [${from.join(', ')}] does not broadcast to [${to.join(', ')}].`,
    });
  }
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
  if (resultSize(coordinates.map((list) => list.length)) === 0) return new Int32Array(0);
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

/** Equally long runs of neighbouring elements, by where each begins; a run is {@link OUTSIDE} as a whole. */
export interface Runs {
  readonly starts: Int32Array;
  readonly length: number;
}

/** What {@link pickIndices} gives, as runs as long as the picks of the last axes follow one another. */
export function pickRuns(shape: Shape, coordinates: readonly ArrayLike<number>[]): Runs {
  if (resultSize(coordinates.map((list) => list.length)) === 0) {
    return { starts: new Int32Array(0), length: 0 };
  }
  let axis = shape.length;
  let length = 1;
  for (let isWhole = true; isWhole && axis > 0; ) {
    const list = coordinates[axis - 1] ?? [];
    if (!countsUp(list)) break;
    axis--;
    length *= list.length;
    isWhole = list.length === shape[axis];
  }
  const firsts = coordinates.map((list, i) => (i < axis ? list : [list[0] ?? 0]));
  return { starts: pickIndices(shape, firsts), length };
}

function countsUp(list: ArrayLike<number>): boolean {
  const first = list[0] ?? OUTSIDE;
  if (first === OUTSIDE) return false;
  for (let i = 1; i < list.length; i++) if (list[i] !== first + i) return false;
  return true;
}

/** 0, 1 ... before `count`. Throws KernelError `KERNEL_SIZE` as {@link resultSize} does. */
export function upTo(count: number): Int32Array {
  return evenly(0, 1, count);
}

/** `count` numbers from `start` on, `step` apart. Throws KernelError `KERNEL_SIZE` as {@link resultSize} does. */
export function evenly(start: number, step: number, count: number): Int32Array {
  const list = new Int32Array(resultSize([count]));
  for (let i = 0; i < list.length; i++) list[i] = start + i * step;
  return list;
}
