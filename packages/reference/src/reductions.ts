import {
  elementCount,
  isBigInt,
  normalizeAxis,
  type Shape,
  stridesOf,
  type Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { bigIntArray, fromBigInts, toBigInts } from './arithmetic.js';
import { floatTensor, resultArray } from './floats.js';
import { stridedIndices } from './indices.js';

/** What a row of elements reduces to. `big` keeps 64-bit integers exact. */
export interface Reduction {
  readonly real: (row: Float64Array) => number;
  readonly big?: (row: readonly bigint[]) => bigint;
}

/** The elements that reduce together, as indices: `count` rows of `length`. */
export interface Rows {
  readonly count: number;
  readonly length: number;
  readonly indices: Int32Array;
}

/** The rows along `axes`, in the order of the axes that are kept. */
export function rowsAlong(shape: Shape, axes: readonly number[]): Rows {
  const kept = [...shape.keys()].filter((axis) => !axes.includes(axis));
  const reduced = [...shape.keys()].filter((axis) => axes.includes(axis));
  const order = [...kept, ...reduced];
  const sizes = order.map((axis) => shape[axis] ?? 1);
  const strides = stridesOf(shape);
  return {
    count: elementCount(sizes.slice(0, kept.length)),
    length: elementCount(sizes.slice(kept.length)),
    indices: stridedIndices(
      sizes,
      order.map((axis) => strides[axis] ?? 1),
    ),
  };
}

/** The shape that is left when `axes` are reduced. */
export function reducedShape(shape: Shape, axes: readonly number[], keep: boolean): number[] {
  return shape.flatMap((size, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [size]));
}

/** Reduces `axes` (all when undefined), in the tensor's dtype; integers wrap. */
export function reduceTensor(
  tensor: Tensor,
  axes: readonly number[] | undefined,
  keep: boolean,
  reduction: Reduction,
): Tensor {
  const { dtype, shape } = tensor;
  const reduced = axes?.map((axis) => normalizeAxis(axis, shape.length)) ?? [...shape.keys()];
  const rows = rowsAlong(shape, reduced);
  const to = reducedShape(shape, reduced, keep);
  if (isBigInt(dtype) && reduction.big) {
    const values = toBigInts(tensor);
    const { big } = reduction;
    const row = (start: number) =>
      Array.from(rows.indices.subarray(start, start + rows.length), (i) => values[i] ?? 0n);
    const results = bigIntArray(dtype, rows.count).map((_, i) => big(row(i * rows.length)));
    return fromBigInts(dtype, to, results);
  }
  const values = toNumbers(tensor);
  const results = resultArray(dtype, rows.count);
  const row = new Float64Array(rows.length);
  for (let i = 0; i < rows.count; i++) {
    for (let j = 0; j < rows.length; j++) row[j] = values[rows.indices[i * rows.length + j] ?? 0] ?? 0;
    results[i] = reduction.real(row);
  }
  return floatTensor(dtype, to, results);
}
