import { DTYPES, type DType, fromNumbers, isInteger, type Tensor, toNumbers } from '@octavo/core/tensor';
import { DatasetError } from './dataset-error.js';

/** Integers that a dtype can hold; 64-bit ones as far as doubles count exactly. */
export function integerRange(dtype: DType): { min: number; max: number } {
  const bits = Math.min(DTYPES[dtype].bits, 54);
  return dtype.startsWith('u')
    ? { min: 0, max: 2 ** bits - 1 }
    : { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 };
}

/**
 * The tensor in the dtype that an input wants. Numbers go to any float dtype (rounded once) and to integer dtypes that
 * hold them; floats become integers only when they are whole.
 * @throws DatasetError `DATASET_DTYPE` when a value does not fit, or between text and numbers.
 */
export function castTensor(tensor: Tensor, dtype: DType, where: string): Tensor {
  if (tensor.dtype === dtype) return tensor;
  const fault = (problem: string): DatasetError =>
    new DatasetError({
      code: 'DATASET_DTYPE',
      where,
      message: `expected ${dtype}, found ${tensor.dtype}${problem}.`,
      remedy: `Save the array as ${dtype}.`,
    });
  const from = DTYPES[tensor.dtype].kind;
  const to = DTYPES[dtype].kind;
  if (from === 'string' || from === 'opaque' || to === 'string' || to === 'opaque') throw fault('');
  const numbers = toNumbers(tensor);
  if (isInteger(dtype)) {
    const { min, max } = integerRange(dtype);
    const bad = numbers.findIndex((value) => !(Number.isInteger(value) && value >= min && value <= max));
    if (bad >= 0) throw fault(` with the element ${numbers[bad]}`);
  }
  return fromNumbers(dtype, tensor.shape, numbers);
}
