import type { Model } from '@octavo/core/ir';
import type { Storage } from '@octavo/core/tensor';
import { FormatError } from '../format-error.js';
import { type Encoded, encodeMessage, type Payload } from '../wire/encode-message.js';
import { MODEL } from './schema.js';
import { modelProto } from './write-model.js';
import type { PlaceExternally } from './write-tensor.js';

/** Protobuf messages, and so model files without external data, end at 2 GiB. */
export const LARGEST_MODEL_BYTES = 2 ** 31 - 1;

/**
 * An ONNX file in memory, deterministic. For models whose tensors are in memory; `saveOnnx` streams the others.
 * @throws FormatError `ONNX_NOT_RESIDENT`, `ONNX_TOO_LARGE` above 2 GiB, `ONNX_QUANTIZED_VALUE`; GraphError.
 */
export function encodeModel(model: Model): Uint8Array {
  return joinParts(layOutModel(model), LARGEST_MODEL_BYTES);
}

/**
 * Bytes of a model's ONNX file, tensors inside it, found without reading them.
 * @throws FormatError `ONNX_QUANTIZED_VALUE`; GraphError.
 */
export function encodedBytes(model: Model): number {
  return layOutModel(model).length;
}

/** The file as pieces whose tensors are still unread. */
export function layOutModel(model: Model, placeExternally?: PlaceExternally): Encoded {
  return encodeMessage(MODEL, modelProto(model, placeExternally));
}

/** All pieces in one array. @throws FormatError `ONNX_NOT_RESIDENT`, `ONNX_TOO_LARGE`. */
export function joinParts(encoded: Encoded, largest: number): Uint8Array {
  if (encoded.length > largest) throw tooLarge(encoded.length);
  const bytes = new Uint8Array(encoded.length);
  let offset = 0;
  for (const part of encoded.parts) {
    bytes.set(resident(part), offset);
    offset += part.byteLength;
  }
  return bytes;
}

/** The error for a model that needs external data. */
export function tooLarge(length: number): FormatError {
  return new FormatError({
    code: 'ONNX_TOO_LARGE',
    message: `the model takes ${length} bytes; ONNX files end at ${LARGEST_MODEL_BYTES}.`,
    remedy: "Write it with `saveOnnx` and `externalData: 'auto'`.",
  });
}

function resident(part: Payload): Uint8Array {
  if (part instanceof Uint8Array) return part;
  const storage: Storage = part;
  if (storage.resident) return storage.resident;
  throw new FormatError({
    code: 'ONNX_NOT_RESIDENT',
    message: `${storage.byteLength} bytes of a tensor are not in memory.`,
    remedy: 'Write the model with `saveOnnx`, which streams them.',
  });
}
