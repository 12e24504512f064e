import type { Int } from '@octavo/core/ir';
import { field, type MessageType, messageType, type Span } from '../wire/message-type.js';
import { TENSOR, type TensorProto } from './tensor-schema.js';

/** The messages of ONNX's IR that hold graphs, by the names of its specification (onnx.proto, IR version 13). */
export interface ModelProto {
  readonly irVersion: Int | undefined;
  readonly opsetImport: readonly OperatorSetProto[];
  readonly producerName: string | undefined;
  readonly producerVersion: string | undefined;
  readonly domain: string | undefined;
  readonly modelVersion: Int | undefined;
  readonly docString: string | undefined;
  readonly graph: GraphProto | undefined;
  readonly metadataProps: readonly EntryProto[];
  readonly trainingInfo: readonly Span[];
  readonly functions: readonly FunctionProto[];
  readonly configuration: readonly Span[];
}

export interface OperatorSetProto {
  readonly domain: string | undefined;
  readonly version: Int | undefined;
}

export interface EntryProto {
  readonly key: string | undefined;
  readonly value: string | undefined;
}

export interface GraphProto {
  readonly node: readonly NodeProto[];
  readonly name: string | undefined;
  readonly initializer: readonly TensorProto[];
  readonly docString: string | undefined;
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly valueInfo: readonly ValueInfoProto[];
  readonly quantizationAnnotation: readonly Span[];
  readonly sparseInitializer: readonly Span[];
  readonly metadataProps: readonly EntryProto[];
}

export interface FunctionProto {
  readonly name: string | undefined;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly string[];
  readonly node: readonly NodeProto[];
  readonly docString: string | undefined;
  readonly opsetImport: readonly OperatorSetProto[];
  readonly domain: string | undefined;
  readonly attributeProto: readonly AttributeProto[];
  readonly valueInfo: readonly ValueInfoProto[];
  readonly overload: string | undefined;
  readonly metadataProps: readonly EntryProto[];
}

export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string | undefined;
  readonly opType: string | undefined;
  readonly attribute: readonly AttributeProto[];
  readonly docString: string | undefined;
  readonly domain: string | undefined;
  readonly overload: string | undefined;
  readonly metadataProps: readonly EntryProto[];
}

export interface AttributeProto {
  readonly self: Span | undefined;
  readonly name: string | undefined;
  readonly f: number | undefined;
  readonly i: Int | undefined;
  readonly s: Uint8Array | undefined;
  readonly t: TensorProto | undefined;
  readonly g: GraphProto | undefined;
  readonly floats: readonly number[];
  readonly ints: readonly Int[];
  readonly strings: readonly Uint8Array[];
  readonly tensors: readonly TensorProto[];
  readonly graphs: readonly GraphProto[];
  readonly tp: Span | undefined;
  readonly typeProtos: readonly Span[];
  readonly type: Int | undefined;
  readonly refAttrName: string | undefined;
  readonly sparseTensor: Span | undefined;
  readonly sparseTensors: readonly Span[];
}

export interface ValueInfoProto {
  readonly name: string | undefined;
  /** An encoded TypeProto. */
  readonly type: Span | undefined;
  readonly docString: string | undefined;
}

export interface TypeProto {
  readonly tensorType: TensorTypeProto | undefined;
  readonly sequenceType: Span | undefined;
  readonly mapType: Span | undefined;
  readonly denotation: string | undefined;
  readonly opaqueType: Span | undefined;
  readonly sparseTensorType: Span | undefined;
  readonly optionalType: Span | undefined;
}

export interface TensorTypeProto {
  readonly elemType: Int | undefined;
  readonly shape: ShapeProto | undefined;
}

export interface ShapeProto {
  readonly dim: readonly DimensionProto[];
}

export interface DimensionProto {
  readonly dimValue: Int | undefined;
  readonly dimParam: string | undefined;
}

/** A repeated field whose messages are only indexed. */
const spans = (number: number) => field.repeated.packed(number);

export const ENTRY: MessageType<EntryProto> = messageType('StringStringEntryProto', {
  key: field.string(1),
  value: field.string(2),
});

export const OPERATOR_SET: MessageType<OperatorSetProto> = messageType('OperatorSetIdProto', {
  domain: field.string(1),
  version: field.int(2),
});

export const DIMENSION: MessageType<DimensionProto> = messageType('TensorShapeProto.Dimension', {
  dimValue: field.int(1),
  dimParam: field.string(2),
});

export const SHAPE: MessageType<ShapeProto> = messageType('TensorShapeProto', {
  dim: field.repeated.message(1, DIMENSION),
});

export const TENSOR_TYPE: MessageType<TensorTypeProto> = messageType('TypeProto.Tensor', {
  elemType: field.int(1),
  shape: field.message(2, SHAPE),
});

export const TYPE: MessageType<TypeProto> = messageType('TypeProto', {
  tensorType: field.message(1, TENSOR_TYPE),
  sequenceType: field.span(4),
  mapType: field.span(5),
  denotation: field.string(6),
  opaqueType: field.span(7),
  sparseTensorType: field.span(8),
  optionalType: field.span(9),
});

export const VALUE_INFO: MessageType<ValueInfoProto> = messageType('ValueInfoProto', {
  name: field.string(1),
  type: field.later(2),
  docString: field.string(3),
});

export const ATTRIBUTE: MessageType<AttributeProto> = messageType('AttributeProto', {
  self: field.self(),
  name: field.string(1),
  f: field.float(2),
  i: field.int(3),
  s: field.bytes(4),
  t: field.message(5, TENSOR),
  g: field.message(6, () => GRAPH),
  floats: field.repeated.float(7),
  ints: field.repeated.int(8),
  strings: field.repeated.bytes(9),
  tensors: field.repeated.message(10, TENSOR),
  graphs: field.repeated.message(11, () => GRAPH),
  tp: field.span(14),
  typeProtos: spans(15),
  type: field.int(20),
  refAttrName: field.string(21),
  sparseTensor: field.span(22),
  sparseTensors: spans(23),
});

export const NODE: MessageType<NodeProto> = messageType('NodeProto', {
  input: field.repeated.string(1),
  output: field.repeated.string(2),
  name: field.string(3),
  opType: field.string(4),
  attribute: field.repeated.message(5, ATTRIBUTE),
  docString: field.string(6),
  domain: field.string(7),
  overload: field.string(8),
  metadataProps: field.repeated.message(9, ENTRY),
});

export const GRAPH: MessageType<GraphProto> = messageType('GraphProto', {
  node: field.repeated.message(1, NODE),
  name: field.string(2),
  initializer: field.repeated.message(5, TENSOR),
  docString: field.string(10),
  input: field.repeated.message(11, VALUE_INFO),
  output: field.repeated.message(12, VALUE_INFO),
  valueInfo: field.repeated.message(13, VALUE_INFO),
  quantizationAnnotation: spans(14),
  sparseInitializer: spans(15),
  metadataProps: field.repeated.message(16, ENTRY),
});

export const FUNCTION: MessageType<FunctionProto> = messageType('FunctionProto', {
  name: field.string(1),
  input: field.repeated.string(4),
  output: field.repeated.string(5),
  attribute: field.repeated.string(6),
  node: field.repeated.message(7, NODE),
  docString: field.string(8),
  opsetImport: field.repeated.message(9, OPERATOR_SET),
  domain: field.string(10),
  attributeProto: field.repeated.message(11, ATTRIBUTE),
  valueInfo: field.repeated.message(12, VALUE_INFO),
  overload: field.string(13),
  metadataProps: field.repeated.message(14, ENTRY),
});

export const MODEL: MessageType<ModelProto> = messageType('ModelProto', {
  irVersion: field.int(1),
  producerName: field.string(2),
  producerVersion: field.string(3),
  domain: field.string(4),
  modelVersion: field.int(5),
  docString: field.string(6),
  graph: field.message(7, GRAPH),
  opsetImport: field.repeated.message(8, OPERATOR_SET),
  metadataProps: field.repeated.message(14, ENTRY),
  trainingInfo: spans(20),
  functions: field.repeated.message(25, FUNCTION),
  configuration: spans(26),
});
