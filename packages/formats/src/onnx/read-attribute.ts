import type { Attribute, Subgraph } from '@octavo/core/ir';
import type { FormatError } from '../format-error.js';
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

/** Type and sparse-tensor attributes are carried in memory. */
const LARGEST_OPAQUE_BYTES = 2 ** 26;

/** What has attributes: a node, or a function with defaults. */
export interface AttributeOwner {
  /** How errors call it. */
  readonly label: string;
  /** Reads a graph within the graph that is being read. */
  readSubgraph(proto: GraphProto): Subgraph;
}

/**
 * An attribute as the file holds it. Type and sparse-tensor attributes are carried encoded.
 * @throws FormatError `ONNX_ATTRIBUTE` when its type and its contents do not fit, or its name is empty.
 */
export function readAttribute(context: ReadContext, proto: AttributeProto, owner: AttributeOwner): Attribute {
  if (!proto.name) throw refused(context, proto, owner, 'it has no name.');
  const type = Number(proto.type ?? 0);
  if (proto.refAttrName) return { kind: 'reference', value: proto.refAttrName, type };
  const code = type || guessType(proto);
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
      return { kind: 'strings', value: readTexts(context, proto, owner) };
    case ATTRIBUTE_TYPE.tensor:
      if (!proto.t) throw refused(context, proto, owner, 'its tensor is missing.');
      return { kind: 'tensor', value: readTensor(context, proto.t, placeOf(proto, owner)) };
    case ATTRIBUTE_TYPE.tensors: {
      const place = placeOf(proto, owner);
      return { kind: 'tensors', value: proto.tensors.map((tensor) => readTensor(context, tensor, place)) };
    }
    case ATTRIBUTE_TYPE.graph:
      if (!proto.g) throw refused(context, proto, owner, 'its graph is missing.');
      return { kind: 'graph', value: owner.readSubgraph(proto.g) };
    case ATTRIBUTE_TYPE.graphs:
      return { kind: 'graphs', value: proto.graphs.map((graph) => owner.readSubgraph(graph)) };
    default:
      return readOpaque(context, proto, owner, code);
  }
}

function readOpaque(
  context: ReadContext,
  proto: AttributeProto,
  owner: AttributeOwner,
  code: number,
): Attribute {
  const { self } = proto;
  if (!self || !(proto.tp || proto.typeProtos.length || proto.sparseTensor || proto.sparseTensors.length)) {
    throw refused(context, proto, owner, `its type ${code} is not known.`);
  }
  if (self.length > LARGEST_OPAQUE_BYTES) {
    throw readError(context, 'ONNX_TOO_LARGE', placeOf(proto, owner), `it takes ${self.length} bytes.`);
  }
  return { kind: 'opaque', value: context.source.readSync(self.offset, self.length).slice() };
}

function placeOf(proto: AttributeProto, owner: AttributeOwner): string {
  return `${owner.label}, attribute ${proto.name ?? ''}`;
}

function refused(
  context: ReadContext,
  proto: AttributeProto,
  owner: AttributeOwner,
  message: string,
): FormatError {
  return readError(context, 'ONNX_ATTRIBUTE', placeOf(proto, owner), message);
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

function readTexts(context: ReadContext, proto: AttributeProto, owner: AttributeOwner): readonly string[] {
  try {
    return proto.strings.map((bytes) => utf8.decode(bytes));
  } catch {
    const place = placeOf(proto, owner);
    throw readError(context, 'ONNX_TEXT', place, 'one of its strings is not valid UTF-8.');
  }
}
