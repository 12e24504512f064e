import type { Dim, Value, ValueType } from '@octavo/core/ir';
import { DTYPES } from '@octavo/core/tensor';
import { type Encodable, encodeMessage } from '../wire/encode-message.js';
import { type DimensionProto, TYPE, type ValueInfoProto } from './schema.js';

/** The ValueInfoProto of a value under the name it has in the file. */
export function valueInfoProto(value: Value, name: string): Encodable<ValueInfoProto> {
  return {
    name,
    type: value.type && encodeType(value.type),
    docString: value.docString || undefined,
  };
}

function encodeType(type: ValueType): Uint8Array {
  if (type.kind === 'opaque') return type.encoded;
  const shape = type.shape && { dim: type.shape.map(dimensionProto) };
  const { parts, length } = encodeMessage(TYPE, { tensorType: { elemType: DTYPES[type.dtype].onnx, shape } });
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    if (part instanceof Uint8Array) bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}

function dimensionProto(dim: Dim): Encodable<DimensionProto> {
  if (dim === null) return {};
  return typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim };
}
