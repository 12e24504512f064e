import type { Value } from '@octavo/core/ir';
import { type DType, KernelError, type Tensor, unpack } from '@octavo/core/tensor';
import type { ByteArray } from '../binding.js';

/** The bytes that hold every number of an integer type: products of them are the same integers. */
const BYTES: { readonly [D in DType]?: 'int8' | 'uint8' } = {
  int8: 'int8',
  uint8: 'uint8',
  int4: 'int8',
  uint4: 'uint8',
  int2: 'int8',
  uint2: 'uint8',
};

/** The type of {@link bytesOf} weights; undefined where their integers are no bytes. */
export function bytesType({ dtype }: Value): 'int8' | 'uint8' | undefined {
  return dtype && BYTES[dtype];
}

/** Whether the integers of weights are at most 8 bits wide. */
export function fitsBytes(weights: Value | undefined): boolean {
  return weights !== undefined && bytesType(weights) !== undefined;
}

/** The elements of weights of at most 8 bits, one a byte; kernels have no narrower operands beside activations of 8 bits. */
export function bytesOf(tensor: Tensor | undefined): ByteArray {
  if (tensor?.is('int8') || tensor?.is('uint8')) return tensor.data;
  if (tensor?.is('int4') || tensor?.is('uint4') || tensor?.is('int2') || tensor?.is('uint2'))
    return unpack(tensor.dtype, tensor.data, tensor.size);
  throw new KernelError({
    code: 'KERNEL_DTYPE',
    message: `expected integers of at most 8 bits, found ${tensor?.dtype ?? 'nothing'}.`,
  });
}
