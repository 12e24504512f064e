import type { Int } from '@octavo/core/ir';
import { field, type MessageType, messageType, type Span } from '../wire/message-type.js';

/** ONNX's TensorProto. The typed `*Data` fields stay encoded until a dtype says what they hold. */
export interface TensorProto {
  readonly dims: readonly Int[];
  readonly dataType: Int | undefined;
  readonly segment: Span | undefined;
  readonly floatData: readonly Span[];
  readonly int32Data: readonly Span[];
  readonly stringData: readonly Uint8Array[];
  readonly int64Data: readonly Span[];
  readonly name: string | undefined;
  readonly docString: string | undefined;
  readonly rawData: Span | undefined;
  readonly doubleData: readonly Span[];
  readonly uint64Data: readonly Span[];
  readonly externalData: readonly ExternalEntryProto[];
  readonly dataLocation: Int | undefined;
}

export interface ExternalEntryProto {
  readonly key: string | undefined;
  readonly value: string | undefined;
}

/** `TensorProto.DataLocation.EXTERNAL`. */
export const EXTERNAL = 1;

const EXTERNAL_ENTRY: MessageType<ExternalEntryProto> = messageType('StringStringEntryProto', {
  key: field.string(1),
  value: field.string(2),
});

export const TENSOR: MessageType<TensorProto> = messageType('TensorProto', {
  dims: field.repeated.int(1),
  dataType: field.int(2),
  segment: field.span(3),
  floatData: field.repeated.packed(4, 4),
  int32Data: field.repeated.packed(5),
  stringData: field.repeated.bytes(6),
  int64Data: field.repeated.packed(7),
  name: field.string(8),
  rawData: field.span(9),
  doubleData: field.repeated.packed(10, 8),
  uint64Data: field.repeated.packed(11),
  docString: field.string(12),
  externalData: field.repeated.message(13, EXTERNAL_ENTRY),
  dataLocation: field.int(14),
});
