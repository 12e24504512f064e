import type { Attribute, Subgraph } from '@octavo/core/ir';
import { type ReadContext, readError } from './read-context.js';
import { readTensor } from './read-tensor.js';
import type { AttributeProto, GraphProto } from './schema.js';

/** `AttributeProto.AttributeType`. */
export const ATTRIBUTE_TYPE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
} as const;

type KindCode = (typeof ATTRIBUTE_TYPE)[keyof typeof ATTRIBUTE_TYPE];

/** Type and sparse-tensor attributes are carried in memory. */
const LARGEST_OPAQUE_BYTES = 2 ** 26;

/** Reads a subgraph within the graph whose node is being read. */
export type ReadSubgraph = (proto: GraphProto) => Subgraph;

/**
 * An attribute as the file holds it. Type and sparse-tensor attributes are carried encoded.
 * @throws FormatError `ONNX_ATTRIBUTE` when its type and its contents do not fit, or its name is empty.
 */
export function readAttribute(
  context: ReadContext,
  proto: AttributeProto,
  node: string,
  readSubgraph: ReadSubgraph,
): Attribute {
  const place = `${node}, attribute ${proto.name ?? ''}`;
  if (!proto.name) throw readError(context, 'ONNX_ATTRIBUTE', place, 'it has no name.');
  const type = Number(proto.type ?? 0);
  if (proto.refAttrName) return { kind: 'reference', value: proto.refAttrName, type };
  const code = type || guessType(proto);
  if (isKind(code)) return readKind(context, proto, code, place, readSubgraph);
  if (
    !proto.self ||
    !(proto.tp || proto.typeProtos.length || proto.sparseTensor || proto.sparseTensors.length)
  ) {
    throw readError(context, 'ONNX_ATTRIBUTE', place, `its type ${code} is not known.`);
  }
  if (proto.self.length > LARGEST_OPAQUE_BYTES) {
    throw readError(context, 'ONNX_TOO_LARGE', place, `it takes ${proto.self.length} bytes.`);
  }
  return { kind: 'opaque', value: context.source.readSync(proto.self.offset, proto.self.length).slice() };
}

function isKind(code: number): code is KindCode {
  return code >= ATTRIBUTE_TYPE.float && code <= ATTRIBUTE_TYPE.graphs;
}

function readKind(
  context: ReadContext,
  proto: AttributeProto,
  code: KindCode,
  place: string,
  readSubgraph: ReadSubgraph,
): Attribute {
  switch (code) {
    case ATTRIBUTE_TYPE.float:
      return { kind: 'float', value: proto.f ?? 0 };
    case ATTRIBUTE_TYPE.int:
      return { kind: 'int', value: proto.i ?? 0 };
    case ATTRIBUTE_TYPE.string:
      return readText(proto.s ?? new Uint8Array(0));
    case ATTRIBUTE_TYPE.floats:
      return { kind: 'floats', value: proto.floats };
    case ATTRIBUTE_TYPE.ints:
      return { kind: 'ints', value: proto.ints };
    case ATTRIBUTE_TYPE.strings:
      return { kind: 'strings', value: proto.strings.map((bytes) => readLossless(context, bytes, place)) };
    case ATTRIBUTE_TYPE.tensor:
      if (!proto.t) throw readError(context, 'ONNX_ATTRIBUTE', place, 'its tensor is missing.');
      return { kind: 'tensor', value: readTensor(context, proto.t, place) };
    case ATTRIBUTE_TYPE.tensors:
      return { kind: 'tensors', value: proto.tensors.map((tensor) => readTensor(context, tensor, place)) };
    case ATTRIBUTE_TYPE.graph:
      if (!proto.g) throw readError(context, 'ONNX_ATTRIBUTE', place, 'its graph is missing.');
      return { kind: 'graph', value: readSubgraph(proto.g) };
    case ATTRIBUTE_TYPE.graphs:
      return { kind: 'graphs', value: proto.graphs.map(readSubgraph) };
  }
}

/** Files of the first IR versions leave the type out. */
function guessType(proto: AttributeProto): number {
  if (proto.f !== undefined) return ATTRIBUTE_TYPE.float;
  if (proto.i !== undefined) return ATTRIBUTE_TYPE.int;
  if (proto.s) return ATTRIBUTE_TYPE.string;
  if (proto.t) return ATTRIBUTE_TYPE.tensor;
  if (proto.g) return ATTRIBUTE_TYPE.graph;
  if (proto.floats.length > 0) return ATTRIBUTE_TYPE.floats;
  if (proto.strings.length > 0) return ATTRIBUTE_TYPE.strings;
  if (proto.tensors.length > 0) return ATTRIBUTE_TYPE.tensors;
  if (proto.graphs.length > 0) return ATTRIBUTE_TYPE.graphs;
  return ATTRIBUTE_TYPE.ints;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A string where the bytes are UTF-8, otherwise the bytes. */
function readText(bytes: Uint8Array): Attribute {
  try {
    return { kind: 'string', value: utf8.decode(bytes) };
  } catch {
    return { kind: 'bytes', value: bytes };
  }
}

function readLossless(context: ReadContext, bytes: Uint8Array, place: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw readError(context, 'ONNX_TEXT', place, 'one of its strings is not valid UTF-8.');
  }
}
