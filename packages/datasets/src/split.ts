import {
  byteLengthOf,
  decodeStrings,
  encodeStrings,
  type StoredTensor,
  Tensor,
  tensorFromBytes,
} from '@octavo/core/tensor';
import type { InputSpec } from './dataset.js';
import { DatasetError } from './dataset-error.js';

/** An array seen as samples of one input. */
export interface SplitArray {
  /** Number of samples; `undefined` when the array is one sample's, which then serves every sample. */
  readonly count: number | undefined;
  /** Shape of one sample, with the input's rank. */
  readonly shape: readonly number[];
}

/**
 * How an array holds samples of an input. It holds many when its rank exceeds the input's by one, or when the input's
 * first dimension is its batch (a symbol, unknown or 1); it is one sample without its batch dimension when its rank is
 * one less.
 * @throws DatasetError `DATASET_SHAPE` when neither fits.
 */
export function splitArray(array: readonly number[], input: InputSpec, where: string): SplitArray {
  const wanted = input.shape;
  if (wanted === undefined) return { count: undefined, shape: array };
  const first = wanted[0];
  const batched = wanted.length > 0 && (typeof first !== 'number' || first === 1);
  const fits = (shape: readonly number[], dims: typeof wanted) =>
    shape.length === dims.length && shape.every((size, i) => typeof dims[i] !== 'number' || dims[i] === size);
  if (array.length === wanted.length + 1 && fits(array.slice(1), wanted)) {
    return { count: array[0], shape: array.slice(1) };
  }
  if (batched && fits(array.slice(1), wanted.slice(1)) && array.length === wanted.length) {
    return { count: array[0], shape: [1, ...array.slice(1)] };
  }
  if (fits(array, wanted)) return { count: undefined, shape: array };
  if (batched && fits(array, wanted.slice(1))) return { count: undefined, shape: [1, ...array] };
  throw misfit(array, input, where);
}

function misfit(array: readonly number[], input: InputSpec, where: string): DatasetError {
  const wanted = (input.shape ?? []).map((dim) => dim ?? '?').join(', ');
  return new DatasetError({
    code: 'DATASET_SHAPE',
    where,
    message: `input ${input.name} has the shape [${wanted}], found an array of [${array.join(', ')}].`,
    remedy: 'An array has the shape of one sample, or one more leading dimension for many samples.',
  });
}

/** Reads sample `index` of an array that is split, or the whole array when it serves every sample. */
export async function readSplit(array: StoredTensor, split: SplitArray, index: number): Promise<Tensor> {
  if (split.count === undefined) return (await array.load()).reshape(split.shape);
  const count = split.shape.reduce((a, b) => a * b, 1);
  if (array.dtype === 'string') {
    // Strings have no fixed width: where a sample starts is known only to a reader of all before it.
    const all = decodeStrings((await array.load()).bytes);
    return new Tensor('string', split.shape, encodeStrings(all.slice(index * count, (index + 1) * count)));
  }
  const length = byteLengthOf(array.dtype, count);
  return tensorFromBytes(array.dtype, split.shape, await array.storage.read(index * length, length));
}
