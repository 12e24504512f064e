export { FormatError } from './format-error.js';
export { type DecodeOptions, decodeModel } from './onnx/decode-model.js';
export { encodedBytes, encodeModel } from './onnx/encode-model.js';
export type { ExternalData } from './onnx/read-context.js';
export {
  type NamedTensor,
  readNamedTensorProto,
  readTensorProto,
  writeTensorProto,
} from './onnx/tensor-file.js';
export { type ByteSource, MemorySource, RESIDENT_BYTES, SourceStorage } from './wire/byte-source.js';
export { DEFAULT_LIMITS, type ReadLimits } from './wire/read-limits.js';
