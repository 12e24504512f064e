import { DTYPES, decodeStrings, type Storage, type StoredTensor } from '@octavo/core/tensor';
import { FormatError } from '../format-error.js';
import type { Encodable } from '../wire/encode-message.js';
import { EXTERNAL, type TensorProto } from './tensor-schema.js';

/** Where a tensor's elements lie in a data file. */
export interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
}

/** Chooses the place of a tensor's elements; undefined keeps them in the model. */
export type PlaceExternally = (storage: Storage) => ExternalPlace | undefined;

/**
 * The TensorProto of a tensor, elements in raw form (strings apart).
 * @throws FormatError `ONNX_NOT_RESIDENT` for strings that are not in memory.
 */
export function tensorProto(
  tensor: StoredTensor,
  name: string,
  placeExternally: PlaceExternally = () => undefined,
): Encodable<TensorProto> {
  const head = { dims: tensor.shape, dataType: DTYPES[tensor.dtype].onnx, name: name || undefined };
  if (tensor.dtype === 'string') {
    return { ...head, stringData: decodeStrings(residentBytes(tensor.storage, name)) };
  }
  const place = placeExternally(tensor.storage);
  if (!place) return { ...head, rawData: tensor.storage.resident ?? tensor.storage };
  return {
    ...head,
    externalData: [
      { key: 'location', value: place.location },
      { key: 'offset', value: String(place.offset) },
      { key: 'length', value: String(tensor.storage.byteLength) },
    ],
    dataLocation: EXTERNAL,
  };
}

/** @throws FormatError `ONNX_NOT_RESIDENT`. */
export function residentBytes(storage: Storage, name: string): Uint8Array {
  if (storage.resident) return storage.resident;
  throw new FormatError({
    code: 'ONNX_NOT_RESIDENT',
    where: `tensor ${name}`,
    message: 'its elements are not in memory.',
    remedy: 'Write the model with `saveOnnx`, which streams them, or load the tensor first.',
  });
}
