import {
  DTYPES,
  type DType,
  decodeStrings,
  encodeStrings,
  isDType,
  Tensor,
  type TensorArray,
} from '@octavo/core/tensor';
import type { Tensor as OrtTensor } from 'onnxruntime-common';
import { SessionError } from '../session-error.js';

/** What makes onnxruntime's tensors: `ort.Tensor`. */
export type OrtTensorConstructor = new (
  type: OrtTensor.Type,
  data: OrtTensor.DataType | readonly string[],
  dims: readonly number[],
) => OrtTensor;

const SUPPORTED: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
  'string',
  'int4',
  'uint4',
];

/** An onnxruntime tensor over the same elements. Throws SessionError `ORT_DTYPE` for dtypes it has no arrays for. */
export function toOrt(make: OrtTensorConstructor, tensor: Tensor): OrtTensor {
  if (!SUPPORTED.includes(tensor.dtype)) throw unsupported(tensor.dtype);
  if (tensor.is('string')) {
    const decoder = new TextDecoder();
    return new make(
      'string',
      decodeStrings(tensor.data).map((bytes) => decoder.decode(bytes)),
      tensor.shape,
    );
  }
  if (tensor.is('float16')) return float16Tensor(make, tensor);
  return new make(tensor.dtype as OrtTensor.Type, tensor.data as OrtTensor.DataType, tensor.shape);
}

/** Our tensor over the elements of one of onnxruntime's. */
export function fromOrt(tensor: OrtTensor): Tensor {
  const dtype: string = tensor.type;
  if (!isDType(dtype) || !SUPPORTED.includes(dtype)) throw unsupported(dtype);
  if (dtype === 'string') {
    const encoder = new TextEncoder();
    const strings = Array.from(tensor.data as Iterable<unknown>, (text) => encoder.encode(String(text)));
    return new Tensor('string', tensor.dims, encodeStrings(strings));
  }
  const view = tensor.data as ArrayBufferView;
  const array = DTYPES[dtype].array;
  const data = new array(
    view.buffer as ArrayBuffer,
    view.byteOffset,
    view.byteLength / array.BYTES_PER_ELEMENT,
  );
  return new Tensor(dtype, tensor.dims, data as TensorArray as never);
}

/**
 * Where the engine has `Float16Array`, `ort.Tensor` takes nothing else for float16, and onnxruntime's addon reads no
 * bytes of one. It reads the bits of a `Uint16Array` everywhere, so the type is written after the constructor's check.
 */
function float16Tensor(make: OrtTensorConstructor, tensor: Tensor<'float16'>): OrtTensor {
  return Object.assign(new make('uint16', tensor.data, tensor.shape), { type: 'float16' as const });
}

function unsupported(dtype: string): SessionError {
  return new SessionError({
    code: 'ORT_DTYPE',
    message: `onnxruntime's JavaScript API has no ${dtype} tensors.`,
    remedy: 'Run the model on our own backends.',
  });
}
