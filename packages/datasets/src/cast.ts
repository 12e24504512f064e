import { DTYPES, type DType, fromNumbers, isInteger, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { InputSpec } from './dataset.js';
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
 * hold them; floats become integers only when they are whole. Quantized inputs quantize floats, whole or not: tables give
 * nothing else, and one rule for all samples must not depend on the numbers of one. Integers are the model's own already.
 * @throws DatasetError `DATASET_DTYPE` when a value does not fit, or between text and numbers.
 */
export function castTensor(
  tensor: Tensor,
  { dtype, quantize }: Pick<InputSpec, 'dtype' | 'quantize'>,
  where: string,
): Tensor {
  if (tensor.dtype === dtype) return tensor;
  const fault = (problem: string, remedy = `Save the array as ${dtype}.`): DatasetError =>
    new DatasetError({
      code: 'DATASET_DTYPE',
      where,
      message: `expected ${dtype}, found ${tensor.dtype}${problem}.`,
      remedy,
    });
  const from = DTYPES[tensor.dtype].kind;
  const to = DTYPES[dtype].kind;
  if (from === 'string' || from === 'opaque' || to === 'string' || to === 'opaque') throw fault('');
  const numbers = toNumbers(tensor);
  if (quantize && from === 'float') return quantize(fromNumbers('float32', tensor.shape, numbers));
  if (isInteger(dtype)) {
    const { min, max } = integerRange(dtype);
    const bad = numbers.findIndex((value) => !(Number.isInteger(value) && value >= min && value <= max));
    if (bad >= 0)
      throw fault(
        ` with the element ${numbers[bad]}`,
        quantize
          ? `Integers are taken as the model's own, from ${min} to ${max}: save real numbers as float32.`
          : `The input takes whole numbers from ${min} to ${max}, and the model gives no scale for real ones: quantize the data as its callers do.`,
      );
  }
  return fromNumbers(dtype, tensor.shape, numbers);
}
