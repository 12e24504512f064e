import type { NumberArray } from '../tensor/index.js';
import { type FloatDType, fromNumbers, QuantizationError, Tensor, toNumbers } from '../tensor/index.js';
import { checkQuantizedType, forEachGroupRun } from './groups.js';
import type { QuantizedType } from './quantized-type.js';

/**
 * ONNX DequantizeLinear: `x = f32(f32(q - zeroPoint) * scale)`, then rounded to the type's expressed dtype.
 * @param tensor Holds the type's storage dtype.
 * @throws QuantizationError `QUANT_DTYPE` when the tensor's dtype is not the type's storage; as `checkQuantizedType`.
 */
export function dequantize(tensor: Tensor, type: QuantizedType): Tensor<FloatDType> {
  if (tensor.dtype !== type.storage) {
    throw new QuantizationError({
      code: 'QUANT_DTYPE',
      message: `the quantized type stores ${type.storage}, the tensor holds ${tensor.dtype}.`,
    });
  }
  const values = dequantizeNumbers(toNumbers(tensor), tensor.shape, type);
  if (type.expressed === 'float32') return new Tensor('float32', tensor.shape, values);
  return fromNumbers(type.expressed, tensor.shape, values);
}

/** The real numbers of {@link dequantize} in float32, from one integer a slot. */
export function dequantizeNumbers(
  integers: NumberArray,
  shape: readonly number[],
  type: QuantizedType,
): Float32Array {
  checkQuantizedType(type, shape);
  const { scales, zeroPoints } = type;
  const out = new Float32Array(integers.length);
  forEachGroupRun(shape, type.granularity, ({ start, count, group, step }) => {
    for (let i = 0; i < count; i++) {
      const zeroPoint = zeroPoints[group + i * step] ?? 0;
      out[start + i] = Math.fround((integers[start + i] ?? 0) - zeroPoint) * (scales[group + i * step] ?? 1);
    }
  });
  return out;
}
