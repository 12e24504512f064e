import type { Attribute, Subgraph, Value } from '@octavo/core/ir';
import { readEntries } from './entries.js';
import { type AttributeOwner, readAttribute } from './read-attribute.js';
import { type ReadContext, readError } from './read-context.js';
import { addNamed, findValue, readSubgraph, type Scope } from './read-graph.js';
import type { GraphProto, NodeProto } from './schema.js';

const NO_ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map();
const NO_CAPTURES: readonly Value[] = [];

/** Reads the nodes of a graph, in any order. @throws FormatError, GraphError. */
export function readNodes(context: ReadContext, protos: readonly NodeProto[], scope: Scope): void {
  const outputs: (readonly (Value | undefined)[])[] = [];
  for (const proto of protos) outputs.push(addOutputs(context, proto, scope));
  for (let i = 0; i < protos.length; i++) {
    const proto = protos[i];
    if (proto) readNode(context, proto, outputs[i] ?? [], scope);
  }
}

function addOutputs(context: ReadContext, proto: NodeProto, scope: Scope): readonly (Value | undefined)[] {
  const outputs: (Value | undefined)[] = [];
  for (const name of proto.output) {
    outputs.push(name ? addNamed(context, scope, name, 'output', proto) : undefined);
  }
  return outputs;
}

function readNode(
  context: ReadContext,
  proto: NodeProto,
  outputs: readonly (Value | undefined)[],
  scope: Scope,
): void {
  const { graph } = scope;
  if (!proto.opType) {
    throw readError(context, 'ONNX_NODE', `${scope.label}, ${nodeLabel(proto)}`, 'it names no op.');
  }
  const inputs: (Value | undefined)[] = [];
  for (const name of proto.input) {
    const value = name ? findValue(scope, name) : undefined;
    if (name && !value) throw undefinedInput(context, proto, name, scope);
    inputs.push(value);
  }
  const owner = proto.attribute.length > 0 ? new NodeReading(context, proto, scope) : undefined;
  const attributes = owner?.readAttributes() ?? NO_ATTRIBUTES;
  const op = scope.ops.find(proto.domain ?? '', proto.opType);
  const captures = owner?.captures ? [...owner.captures.keys()] : NO_CAPTURES;
  const node = graph.addNode(op, { name: proto.name ?? '', inputs, outputs, attributes, captures });
  if (proto.docString) node.docString = proto.docString;
  if (proto.overload) node.overload = proto.overload;
  if (proto.metadataProps.length > 0) node.metadata = readEntries(proto.metadataProps);
}

function undefinedInput(context: ReadContext, proto: NodeProto, name: string, scope: Scope): Error {
  const place = `${scope.label}, ${nodeLabel(proto)}`;
  return readError(context, 'ONNX_UNDEFINED_VALUE', place, `it reads ${name}, which nothing defines.`);
}

/** A node whose attributes are being read. */
class NodeReading implements AttributeOwner {
  private readonly context: ReadContext;
  private readonly proto: NodeProto;
  private readonly scope: Scope;
  /** The values of the graph that its subgraphs read, and the index of each. */
  captures: Map<Value, number> | undefined;

  constructor(context: ReadContext, proto: NodeProto, scope: Scope) {
    this.context = context;
    this.proto = proto;
    this.scope = scope;
  }

  get label(): string {
    return nodeLabel(this.proto);
  }

  readAttributes(): ReadonlyMap<string, Attribute> {
    const attributes = new Map<string, Attribute>();
    for (const each of this.proto.attribute) {
      const name = each.name ?? '';
      if (attributes.has(name)) {
        const message = `the attribute ${each.name} is given twice.`;
        throw readError(this.context, 'ONNX_ATTRIBUTE', this.label, message);
      }
      attributes.set(name, readAttribute(this.context, each, this));
    }
    return attributes;
  }

  readSubgraph(proto: GraphProto): Subgraph {
    this.captures ??= new Map();
    const { captures } = this;
    return readSubgraph(this.context, proto, this.scope, (value) => {
      const index = captures.get(value) ?? captures.size;
      captures.set(value, index);
      return index;
    });
  }
}

/** How errors call a node. */
export function nodeLabel(proto: NodeProto): string {
  return `node ${proto.name || `${proto.opType ?? ''}(${proto.output[0] ?? ''})`}`;
}
