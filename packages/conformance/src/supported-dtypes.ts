import type { DType } from '@octavo/core/tensor';

/**
 * The element types of tensors within which every registered op passes all of ONNX's backend node tests. Outside are
 * strings, complex numbers, the 8-bit and 4-bit floats, and values that are no tensors (sequences, optionals, maps).
 */
export const SUPPORTED_DTYPES: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'int4',
  'uint4',
  'int2',
  'uint2',
  'bool',
];
