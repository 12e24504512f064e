import type { Graph, Node, Subgraph, Value } from '@octavo/core/ir';
import { FormatError } from '../format-error.js';
import type { Encodable } from '../wire/encode-message.js';
import { entryProtos } from './entries.js';
import type { AttributeProto, GraphProto, NodeProto } from './schema.js';
import { attributeProto } from './write-attribute.js';
import { type PlaceExternally, tensorProto } from './write-tensor.js';
import { valueInfoProto } from './write-type.js';

/** What writing a graph needs to know about the file around it. */
export interface WriteContext {
  readonly irVersion: number;
  readonly placeExternally: PlaceExternally;
}

type Name = (value: Value) => string;

const CONSTANTS_ARE_INPUTS_BELOW = 4;

/** The GraphProto of a graph. @throws FormatError `ONNX_QUANTIZED_VALUE`, GraphError `GRAPH_CYCLE`. */
export function graphProto(
  context: WriteContext,
  graph: Graph,
  nameOf: Name = (value) => value.name,
): Encodable<GraphProto> {
  const constants = graph.initializers;
  const listed = new Set([...graph.inputs, ...graph.outputs, ...graph.captures, ...constants]);
  const described = graph.values.filter((value) => !listed.has(value) && (value.type || value.docString));
  const inputs =
    context.irVersion < CONSTANTS_ARE_INPUTS_BELOW
      ? [...new Set([...graph.inputs, ...constants])]
      : graph.inputs;
  return {
    node: nodeProtos(context, graph, nameOf),
    name: graph.name || undefined,
    initializer: constants.flatMap((value) =>
      value.constant
        ? [
            {
              ...tensorProto(value.constant, nameOf(value), context.placeExternally),
              docString: value.docString || undefined,
            },
          ]
        : [],
    ),
    docString: graph.docString || undefined,
    input: inputs.map((value) => valueInfoProto(value, nameOf(value))),
    output: graph.outputs.map((value) => valueInfoProto(value, nameOf(value))),
    valueInfo: described.map((value) => valueInfoProto(value, nameOf(value))),
    metadataProps: entryProtos(graph.metadata),
  };
}

/** The nodes of a graph in topological order. */
export function nodeProtos(context: WriteContext, graph: Graph, nameOf: Name): Encodable<NodeProto>[] {
  return graph.sorted().map((node) => {
    refuseQuantized(node);
    return {
      input: node.inputs.map((value) => (value ? nameOf(value) : '')),
      output: node.outputs.map((value) => (value ? nameOf(value) : '')),
      name: node.name || undefined,
      opType: node.op.name,
      attribute: attributes(context, node, nameOf),
      docString: node.docString || undefined,
      domain: node.op.domain || undefined,
      overload: node.overload || undefined,
      metadataProps: entryProtos(node.metadata),
    };
  });
}

function attributes(context: WriteContext, node: Node, nameOf: Name): Encodable<AttributeProto>[] {
  return [...node.attributes].map(([name, attribute]) =>
    attributeProto(
      name,
      attribute,
      (subgraph) => subgraphProto(context, node, subgraph, nameOf),
      context.placeExternally,
    ),
  );
}

/** Captured values go by their name outside; an inner value that has this name too gets another one. */
function subgraphProto(
  context: WriteContext,
  node: Node,
  subgraph: Subgraph,
  outerName: Name,
): Encodable<GraphProto> {
  const names = new Map<Value, string>();
  subgraph.graph.captures.forEach((stand, index) => {
    const outer = node.captures[subgraph.sources[index] ?? -1];
    if (outer) names.set(stand, outerName(outer));
  });
  const taken = new Set(names.values());
  for (const value of subgraph.graph.values) {
    if (names.has(value)) continue;
    let name = value.name;
    for (let suffix = 2; taken.has(name); suffix++) name = `${value.name}_${suffix}`;
    taken.add(name);
    names.set(value, name);
  }
  return graphProto(context, subgraph.graph, (value) => names.get(value) ?? value.name);
}

/** Ops on integers that stand for real numbers exist in Octavo's IR only. */
function refuseQuantized(node: Node): void {
  const inputs = node.op.name === 'DequantizeLinear' ? [] : node.inputs;
  const outputs = node.op.name === 'QuantizeLinear' ? [] : node.outputs;
  const quantized = [...inputs, ...outputs].find((value) => value?.quantized);
  if (!quantized) return;
  throw new FormatError({
    code: 'ONNX_QUANTIZED_VALUE',
    where: `node ${node.label}`,
    message: `the value ${quantized.name} has a quantized type, which ONNX expresses with nodes.`,
    remedy: 'Run the pass `materialize-qdq` before writing.',
  });
}
