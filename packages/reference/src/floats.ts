import { type DType, fromNumbers, type Shape, Tensor, toNumbers } from '@octavo/core/tensor';
import { refuse } from './integer-operands.js';

/** What float kernels compute on; float64 tensors keep their precision, everything else fits float32. */
export type FloatArray = Float32Array | Float64Array;

/** The elements as floats: the tensor's own array where it is one, else a copy. */
export function floats(tensor: Tensor): FloatArray {
  const numbers = toNumbers(tensor);
  if (numbers instanceof Float32Array || numbers instanceof Float64Array) return numbers;
  return numbers instanceof Int32Array || numbers instanceof Uint32Array
    ? Float64Array.from(numbers)
    : Float32Array.from(numbers);
}

/** A tensor of `dtype` from computed elements, each rounded once. */
export function floatTensor(dtype: DType, shape: Shape, values: FloatArray): Tensor {
  if (dtype === 'float32') {
    return new Tensor(dtype, shape, values instanceof Float32Array ? values : Float32Array.from(values));
  }
  if (dtype === 'float64' && values instanceof Float64Array) return new Tensor(dtype, shape, values);
  return fromNumbers(dtype, shape, values);
}

/**
 * An array for results of `dtype` before their last rounding.
 * Throws KernelError `KERNEL_OPERAND` when attributes ask for no possible number of them.
 */
export function resultArray(dtype: DType, count: number): FloatArray {
  if (!Number.isSafeInteger(count) || count < 0) refuse(`a result cannot have ${count} elements.`);
  return dtype === 'float32' ? new Float32Array(count) : new Float64Array(count);
}
