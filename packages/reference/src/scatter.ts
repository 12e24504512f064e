import { isBigInt, type Shape, stridesOf, type Tensor, toNumbers } from '@octavo/core/tensor';
import { fromBigInts, toBigInts } from './arithmetic.js';
import { floatTensor } from './floats.js';
import { stridedIndices } from './indices.js';
import { refuse } from './integer-operands.js';
import { elementsOf, putElements, tensorOfElements } from './rearrange.js';

export type ScatterReduction = 'none' | 'add' | 'mul' | 'max' | 'min';

const REAL: Readonly<Record<ScatterReduction, (old: number, update: number) => number>> = {
  none: (_, update) => update,
  add: (old, update) => old + update,
  mul: (old, update) => old * update,
  max: Math.max,
  min: Math.min,
};

const BIG: Readonly<Record<ScatterReduction, (old: bigint, update: bigint) => bigint>> = {
  none: (_, update) => update,
  add: (old, update) => old + update,
  mul: (old, update) => old * update,
  max: (old, update) => (update > old ? update : old),
  min: (old, update) => (update < old ? update : old),
};

/** An index counted from the front. Throws KernelError `KERNEL_OPERAND` when it is outside [-size, size - 1]. */
export function indexIn(index: number, size: number): number {
  const at = index < 0 ? index + size : index;
  if (!(at >= 0 && at < size)) refuse(`index ${index} is outside an axis of size ${size}.`);
  return at;
}

/** For each element of `indices`: its own place in `shape`, with the coordinate of `axis` replaced by the index. */
export function elementPlaces(shape: Shape, indices: Tensor, axis: number): Int32Array {
  const strides = stridesOf(shape);
  const along = strides[axis] ?? 1;
  const values = toNumbers(indices);
  return stridedIndices(indices.shape, strides.with(axis, 0)).map(
    (place, i) => place + along * indexIn(values[i] ?? 0, shape[axis] ?? 0),
  );
}

/**
 * For each coordinate tuple on the last axis of `indices`, the places of the slice of `shape` that it names, after
 * `batch` common leading axes.
 */
export function slicePlaces(shape: Shape, indices: Tensor, batch: number): Int32Array {
  const depth = indices.shape.at(-1) ?? 0;
  const strides = stridesOf(shape);
  const values = toNumbers(indices);
  const inner = shape.slice(batch + depth).reduce((product, size) => product * size, 1);
  const tuples = depth === 0 ? 0 : values.length / depth;
  const batches = shape.slice(0, batch).reduce((product, size) => product * size, 1);
  const places = new Int32Array(tuples * inner);
  const batchStride = strides[batch - 1] ?? 0;
  for (let t = 0; t < tuples; t++) {
    let base = batch ? Math.floor(t / (tuples / batches)) * batchStride : 0;
    for (let d = 0; d < depth; d++) {
      base += indexIn(values[t * depth + d] ?? 0, shape[batch + d] ?? 0) * (strides[batch + d] ?? 1);
    }
    for (let i = 0; i < inner; i++) places[t * inner + i] = base + i;
  }
  return places;
}

/** A copy of `data` in which `updates[i]` is combined into element `places[i]`, in order. */
export function scatter(
  data: Tensor,
  places: Int32Array,
  updates: Tensor,
  reduction: ScatterReduction,
): Tensor {
  const { dtype, shape } = data;
  if (places.length !== updates.size) refuse(`${updates.size} updates for ${places.length} places.`);
  if (reduction === 'none') {
    const elements = elementsOf(data).slice();
    putElements(elements, places, elementsOf(updates));
    return tensorOfElements(dtype, shape, elements);
  }
  if (isBigInt(dtype)) {
    const results = toBigInts(data).slice();
    const values = toBigInts(updates);
    places.forEach((place, i) => {
      results[place] = BIG[reduction](results[place] ?? 0n, values[i] ?? 0n);
    });
    return fromBigInts(dtype, shape, results);
  }
  const results = Float64Array.from(toNumbers(data));
  const values = toNumbers(updates);
  places.forEach((place, i) => {
    results[place] = REAL[reduction](results[place] ?? 0, values[i] ?? 0);
  });
  return floatTensor(dtype, shape, results);
}
