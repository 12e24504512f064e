import { Graph, type Subgraph, tensorType, type Value } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import { readEntries } from './entries.js';
import { OpFinder } from './op-finder.js';
import { type ReadContext, readError } from './read-context.js';
import { nodeLabel, readNodes } from './read-node.js';
import { readTensor } from './read-tensor.js';
import { TypeReader } from './read-type.js';
import type { GraphProto, NodeProto, ValueInfoProto } from './schema.js';

/** Where a graph's names live: its own values first, then those of the graphs around it. */
export interface Scope {
  readonly graph: Graph;
  /** How errors call the graph. */
  readonly label: string;
  readonly ops: OpFinder;
  /** In a subgraph: captures the value that an enclosing graph has by a name; undefined when nobody defines it. */
  readonly capture?: (name: string) => Value | undefined;
}

/** Before this IR version every initializer is an input as well, and a constant all the same. */
const OVERRIDABLE_FROM_IR = 4;

/** Reads the main graph. @throws FormatError, GraphError. */
export function readGraph(
  context: ReadContext,
  proto: GraphProto,
  opsets: ReadonlyMap<string, number>,
): Graph {
  const graph = new Graph(opsets);
  const label = `graph ${proto.name ?? ''}`;
  fillGraph(context, proto, { graph, label, ops: new OpFinder(context, opsets) });
  return graph;
}

/**
 * Reads a graph inside a node's attribute. Names that it does not define become captures.
 * @param capture Gives the node's capture index of a name of the enclosing graph, or undefined.
 */
export function readSubgraph(
  context: ReadContext,
  proto: GraphProto,
  outer: Scope,
  captureIndex: (value: Value) => number,
): Subgraph {
  const graph = new Graph(outer.graph.opsets);
  const sources: number[] = [];
  const capture = (name: string): Value | undefined => {
    const value = findValue(outer, name);
    if (!value) return undefined;
    const stand = graph.addValue(name, value.type);
    graph.captures.push(stand);
    sources.push(captureIndex(value));
    return stand;
  };
  const label = `${outer.label}, graph ${proto.name ?? ''}`;
  fillGraph(context, proto, { graph, label, ops: outer.ops, capture });
  return { graph, sources };
}

/** The value of a name, captured from an enclosing graph when needed; undefined when nobody defines it. */
export function findValue(scope: Scope, name: string): Value | undefined {
  return scope.graph.value(name) ?? scope.capture?.(name);
}

function fillGraph(context: ReadContext, proto: GraphProto, scope: Scope): void {
  const { graph } = scope;
  graph.name = proto.name ?? '';
  graph.docString = proto.docString ?? '';
  graph.metadata = readEntries(proto.metadataProps);
  refuseUnsupported(context, proto, scope);
  readInputs(context, proto, scope);
  readInitializers(context, proto, scope);
  readNodes(context, proto.node, scope);
  graph.outputs = proto.output.map((info) => output(context, info, scope));
  const types = new TypeReader(context);
  for (const infos of [proto.input, proto.output, proto.valueInfo]) {
    for (const info of infos) describeValue(types, info, scope);
  }
  refuseCycles(context, scope);
}

function readInputs(context: ReadContext, proto: GraphProto, scope: Scope): void {
  const constants = new Set<string | undefined>();
  for (const tensor of proto.initializer) constants.add(tensor.name);
  for (const info of proto.input) {
    if (constants.has(info.name)) {
      const overridable = context.irVersion >= OVERRIDABLE_FROM_IR;
      if (!overridable || !context.keepConstantInputs) {
        if (overridable) context.notice('inputs with an initializer are read as constants');
        continue;
      }
    }
    scope.graph.inputs.push(addNamed(context, scope, info.name, 'input'));
  }
}

/** @throws FormatError `ONNX_CYCLE`. */
export function refuseCycles(context: ReadContext, scope: Scope): void {
  try {
    scope.graph.sorted();
  } catch (cause) {
    const where = cause instanceof OctavoError ? cause.where : undefined;
    const place = `${scope.label}, ${where ?? 'nodes'}`;
    throw readError(context, 'ONNX_CYCLE', place, 'it depends on its own output.');
  }
}

function refuseUnsupported(context: ReadContext, proto: GraphProto, scope: Scope): void {
  if (proto.sparseInitializer.length > 0) {
    const remedy = 'Export the model with dense weights.';
    throw readError(context, 'ONNX_SPARSE', scope.label, 'sparse initializers are not supported.', remedy);
  }
  if (proto.quantizationAnnotation.length > 0) context.notice('quantization annotations are left out');
}

function readInitializers(context: ReadContext, proto: GraphProto, scope: Scope): void {
  const defaulted = new Set(context.keepConstantInputs ? scope.graph.inputs : []);
  for (const tensor of proto.initializer) {
    const constant = readTensor(context, tensor, `initializer ${tensor.name ?? ''}`);
    const known = defaulted.size > 0 ? scope.graph.value(tensor.name ?? '') : undefined;
    const value =
      known && defaulted.delete(known) ? known : addNamed(context, scope, tensor.name, 'initializer');
    value.constant = constant;
    value.type = tensorType(constant.dtype, constant.shape);
    if (tensor.docString) value.docString = tensor.docString;
  }
}

/** Adds a value, with the file's place in the error when its name is empty or taken. */
export function addNamed(
  context: ReadContext,
  scope: Scope,
  name: string | undefined,
  role: 'input' | 'initializer' | 'output',
  node?: NodeProto,
): Value {
  if (name && !scope.graph.value(name)) return scope.graph.addValue(name);
  const message = name ? 'another value of the graph has this name.' : 'it has no name.';
  const place = `${scope.label}, ${node ? `${nodeLabel(node)}, ` : ''}${role} ${name ?? ''}`;
  throw readError(context, name ? 'ONNX_DUPLICATE_NAME' : 'ONNX_NAME', place, message);
}

function output(context: ReadContext, info: ValueInfoProto, scope: Scope): Value {
  const value = findValue(scope, info.name ?? '');
  if (value) return value;
  const place = `${scope.label}, output ${info.name ?? ''}`;
  throw readError(context, 'ONNX_UNDEFINED_VALUE', place, 'no node computes it.');
}

/** Adds the type and description that a file gives for a value; files may describe values that do not exist. */
export function describeValue(types: TypeReader, info: ValueInfoProto, scope: Scope): void {
  const value = scope.graph.value(info.name ?? '');
  if (!value) return;
  const type = types.read(info);
  value.type ??= type;
  if (info.docString) value.docString ||= info.docString;
}
