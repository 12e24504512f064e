import { StoredTensor, type Tensor, tensorFromBytes } from '@octavo/core/tensor';
import { MemorySource } from '../wire/byte-source.js';
import { Cursor } from '../wire/cursor.js';
import { decodeMessage } from '../wire/decode-message.js';
import { encodeMessage } from '../wire/encode-message.js';
import { joinParts, LARGEST_MODEL_BYTES } from './encode-model.js';
import { readTensor } from './read-tensor.js';
import { TENSOR } from './tensor-schema.js';
import { residentBytes, tensorProto } from './write-tensor.js';

/** A tensor with the name a file gives it. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/**
 * Reads a serialized TensorProto, such as `input_0.pb` of an ONNX test set.
 * @throws FormatError `ONNX_TRUNCATED`, `ONNX_NOT_A_MODEL`, `ONNX_DTYPE`, `ONNX_TENSOR_SIZE`, `ONNX_EXTERNAL_DATA`.
 */
export function readNamedTensorProto(bytes: Uint8Array, where = 'bytes'): NamedTensor {
  const source = new MemorySource(bytes, where);
  const proto = decodeMessage(new Cursor(source), TENSOR, bytes.length);
  const name = proto.name ?? '';
  const stored = readTensor({ source, externalData: undefined }, proto, `tensor ${name}`);
  return { name, tensor: tensorFromBytes(stored.dtype, stored.shape, residentBytes(stored.storage, name)) };
}

/** The tensor alone of a serialized TensorProto. */
export function readTensorProto(bytes: Uint8Array, where = 'bytes'): Tensor {
  return readNamedTensorProto(bytes, where).tensor;
}

/** A serialized TensorProto. */
export function writeTensorProto(tensor: Tensor, name = ''): Uint8Array {
  return joinParts(encodeMessage(TENSOR, tensorProto(StoredTensor.of(tensor), name)), LARGEST_MODEL_BYTES);
}
