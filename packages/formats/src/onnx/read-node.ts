import { type Attribute, canonicalDomain, type Op, unknownOp, type Value } from '@octavo/core/ir';
import { readEntries } from './entries.js';
import { readAttribute } from './read-attribute.js';
import { type ReadContext, readError } from './read-context.js';
import { addNamed, readSubgraph, type Scope } from './read-graph.js';
import type { NodeProto } from './schema.js';

/** Reads the nodes of a graph, in any order. @throws FormatError, GraphError. */
export function readNodes(context: ReadContext, protos: readonly NodeProto[], scope: Scope): void {
  const outputs = protos.map((proto) =>
    proto.output.map((name) =>
      name ? addNamed(context, scope, name, `${nodeLabel(proto)}, output ${name}`) : undefined,
    ),
  );
  protos.forEach((proto, index) => {
    readNode(context, proto, outputs[index] ?? [], scope);
  });
}

function readNode(
  context: ReadContext,
  proto: NodeProto,
  outputs: readonly (Value | undefined)[],
  scope: Scope,
): void {
  const label = nodeLabel(proto);
  if (!proto.opType) throw readError(context, 'ONNX_NODE', `${scope.label}, ${label}`, 'it names no op.');
  const inputs = proto.input.map((name) => (name ? resolve(context, name, label, scope) : undefined));
  const captured: Value[] = [];
  const attributes = proto.attribute.length > 0 ? readAttributes(context, proto, scope, captured) : undefined;
  const op = findOp(context, proto.domain ?? '', proto.opType, scope);
  const parts = { name: proto.name ?? '', inputs, outputs, captures: captured };
  const node = scope.graph.addNode(op, attributes ? { ...parts, attributes } : parts);
  node.docString = proto.docString ?? '';
  node.overload = proto.overload ?? '';
  node.metadata = readEntries(proto.metadataProps);
}

/** @param captured Takes the values of the graph that subgraphs read, each once. */
function readAttributes(
  context: ReadContext,
  proto: NodeProto,
  scope: Scope,
  captured: Value[],
): ReadonlyMap<string, Attribute> {
  const label = nodeLabel(proto);
  const indices = new Map<Value, number>();
  const captureIndex = (value: Value): number => {
    const known = indices.get(value);
    if (known !== undefined) return known;
    indices.set(value, captured.length);
    return captured.push(value) - 1;
  };
  const attributes = new Map<string, Attribute>();
  for (const attribute of proto.attribute) {
    if (attributes.has(attribute.name ?? '')) {
      throw readError(context, 'ONNX_ATTRIBUTE', label, `the attribute ${attribute.name} is given twice.`);
    }
    attributes.set(
      attribute.name ?? '',
      readAttribute(context, attribute, label, (graph) => readSubgraph(context, graph, scope, captureIndex)),
    );
  }
  return attributes;
}

function resolve(context: ReadContext, name: string, label: string, scope: Scope): Value {
  const value = scope.find(name);
  if (value) return value;
  const place = `${scope.label}, ${label}`;
  throw readError(context, 'ONNX_UNDEFINED_VALUE', place, `it reads ${name}, which nothing defines.`);
}

/** A model's own function hides an op of the same name. */
function findOp(context: ReadContext, domain: string, name: string, scope: Scope): Op {
  const key = canonicalDomain(domain);
  if (context.functions.has(`${key}::${name}`)) return unknownOp(key, name);
  return context.registry.lookup(key, name, scope.graph.opsets.get(key) ?? 1);
}

function nodeLabel(proto: NodeProto): string {
  return `node ${proto.name || `${proto.opType ?? ''}(${proto.output[0] ?? ''})`}`;
}
