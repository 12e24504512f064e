import {
  type Granularity,
  isStorageDType,
  PER_TENSOR,
  type QuantizedType,
  type StorageDType,
} from '@octavo/core/quant';
import { type DType, isFloat, type Tensor, toNumbers } from '@octavo/core/tensor';
import { refuse } from './integer-operands.js';

/** The attributes of QuantizeLinear and DequantizeLinear that choose the granularity. */
export interface LinearAttributes {
  readonly axis: number;
  readonly block_size: number;
}

/** `dtype` as one that quantized values are stored in. Throws KernelError `KERNEL_OPERAND`. */
export function storageOf(dtype: DType): StorageDType {
  return isStorageDType(dtype) ? dtype : refuse(`quantized values are not stored as ${dtype}.`);
}

/** Per block, per axis (a scale with several elements) or per tensor. */
export function granularityOf(scale: Tensor, { axis, block_size: blockSize }: LinearAttributes): Granularity {
  if (blockSize > 0) return { kind: 'per-block', axis, blockSize };
  return scale.size > 1 ? { kind: 'per-axis', axis } : PER_TENSOR;
}

/** The quantized type that a scale and a zero point (0 when left out) describe. */
export function linearType(
  storage: StorageDType,
  scale: Tensor,
  zeroPoint: Tensor | undefined,
  attributes: LinearAttributes,
): QuantizedType {
  const zeroPoints = zeroPoint ? Int32Array.from(toNumbers(zeroPoint)) : new Int32Array(scale.size);
  return {
    storage,
    expressed: isFloat(scale.dtype) ? scale.dtype : 'float32',
    granularity: granularityOf(scale, attributes),
    symmetric: zeroPoints.every((each) => each === 0),
    scales: Float32Array.from(toNumbers(scale)),
    zeroPoints:
      zeroPoints.length === 1 && scale.size > 1
        ? new Int32Array(scale.size).fill(zeroPoints[0] ?? 0)
        : zeroPoints,
  };
}
