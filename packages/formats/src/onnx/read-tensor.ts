import {
  byteLengthOf,
  DTYPES,
  type DType,
  dtypeFromOnnx,
  elementCount,
  encodeStrings,
  MemoryStorage,
  OctavoError,
  type Storage,
  StoredTensor,
} from '@octavo/core/tensor';
import type { FormatError } from '../format-error.js';
import { SourceStorage } from '../wire/byte-source.js';
import type { Span } from '../wire/message-type.js';
import { externalStorage } from './external-storage.js';
import { decodePacked } from './packed-numbers.js';
import { type ReadContext, readError } from './read-context.js';
import { EXTERNAL, type TensorProto } from './tensor-schema.js';

/** Typed fields (`int32_data` and the like) are decoded in memory; raw data of any size is not. */
const LARGEST_TYPED_BYTES = 2 ** 30;

export type TensorContext = Pick<ReadContext, 'source' | 'externalData'>;

/**
 * A tensor of a file. Large elements stay in the file; typed fields become their raw form.
 * @param place What errors call it, e.g. `initializer W`.
 * @throws FormatError `ONNX_DTYPE`, `ONNX_TENSOR_SIZE`, `ONNX_TENSOR_SEGMENT`, `ONNX_EXTERNAL_*`.
 */
export function readTensor(context: TensorContext, proto: TensorProto, place: string): StoredTensor {
  const dtype = dtypeFromOnnx(Number(proto.dataType ?? 0));
  if (!dtype) {
    const remedy = 'Octavo reads the element types 1 to 26 of ONNX.';
    throw readError(
      context,
      'ONNX_DTYPE',
      place,
      `the element type ${proto.dataType ?? 0} is not known.`,
      remedy,
    );
  }
  if (proto.segment) {
    throw readError(context, 'ONNX_TENSOR_SEGMENT', place, 'tensors in segments are not supported.');
  }
  const shape = proto.dims.map(Number);
  const { rawData } = proto;
  const isInline = rawData && dtype !== 'string' && Number(proto.dataLocation ?? 0) !== EXTERNAL;
  const storage = isInline
    ? new SourceStorage(context.source, rawData.offset, rawData.length)
    : readElements(context, proto, dtype, shape, place);
  try {
    return new StoredTensor(dtype, shape, storage);
  } catch (cause) {
    throw wrongSize(context, place, cause);
  }
}

/** Shapes that cannot be and lengths that do not fit them are told by who counts the elements. */
function wrongSize(context: TensorContext, place: string, cause: unknown): FormatError {
  const fault = cause instanceof OctavoError ? cause.fault : String(cause);
  return readError(context, 'ONNX_TENSOR_SIZE', place, fault);
}

function countElements(context: TensorContext, shape: readonly number[], place: string): number {
  try {
    return elementCount(shape);
  } catch (cause) {
    throw wrongSize(context, place, cause);
  }
}

function readStrings(context: TensorContext, proto: TensorProto, count: number, place: string): Storage {
  if (proto.stringData.length !== count) {
    const message = `a string tensor of ${count} elements has ${proto.stringData.length}.`;
    throw readError(context, 'ONNX_TENSOR_SIZE', place, message);
  }
  return new MemoryStorage(encodeStrings(proto.stringData));
}

/** Elements that are not raw bytes in the file of the model. */
function readElements(
  context: TensorContext,
  proto: TensorProto,
  dtype: DType,
  shape: readonly number[],
  place: string,
): Storage {
  const count = countElements(context, shape, place);
  if (dtype === 'string') return readStrings(context, proto, count, place);
  const needed = byteLengthOf(dtype, count);
  if (Number(proto.dataLocation ?? 0) === EXTERNAL) return externalStorage(context, proto, needed, place);
  const typed = typedField(proto, dtype);
  const [only] = typed.spans;
  if (typed.isRaw && only && typed.spans.length === 1) {
    return new SourceStorage(context.source, only.offset, only.length);
  }
  return new MemoryStorage(readTyped(context, typed, dtype, needed, place));
}

function readTyped(
  context: TensorContext,
  { isRaw, spans }: TypedField,
  dtype: DType,
  needed: number,
  place: string,
): Uint8Array {
  const length = spans.reduce((sum, span) => sum + span.length, 0);
  const width = elementBytes(dtype);
  const misfit = (): FormatError =>
    readError(
      context,
      'ONNX_TENSOR_SIZE',
      place,
      `its typed data does not hold ${needed} bytes of ${dtype}.`,
    );
  if (length > LARGEST_TYPED_BYTES) {
    const message = `its typed data takes ${length} bytes, more than ${LARGEST_TYPED_BYTES}.`;
    throw readError(context, 'ONNX_TOO_LARGE', place, message, 'Store the tensor as raw or external data.');
  }
  // Every element takes at least one encoded byte, so a small file cannot ask for a large array.
  if (isRaw ? length !== needed : length < needed / width) throw misfit();
  const encoded = joinSpans(context, spans, length);
  return isRaw ? encoded : decodePacked(encoded, width, needed, misfit);
}

/** Bytes of one entry of a typed field: packed dtypes put one byte of elements in each entry. */
function elementBytes(dtype: DType): number {
  return Math.max(1, DTYPES[dtype].bits / 8);
}

interface TypedField {
  readonly spans: readonly Span[];
  /** Whether the packed form is the raw form. */
  readonly isRaw: boolean;
}

/** The typed field that ONNX assigns to a dtype. */
function typedField(proto: TensorProto, dtype: Exclude<DType, 'string'>): TypedField {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return { spans: proto.floatData, isRaw: true };
    case 'float64':
    case 'complex128':
      return { spans: proto.doubleData, isRaw: true };
    case 'int64':
      return { spans: proto.int64Data, isRaw: false };
    case 'uint32':
    case 'uint64':
      return { spans: proto.uint64Data, isRaw: false };
    default:
      return { spans: proto.int32Data, isRaw: false };
  }
}

function joinSpans(context: TensorContext, spans: readonly Span[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const span of spans) {
    joined.set(context.source.readSync(span.offset, span.length), offset);
    offset += span.length;
  }
  return joined;
}
