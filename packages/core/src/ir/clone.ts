import type { Attribute, Subgraph } from './attribute.js';
import { Graph } from './graph.js';
import { copyInferred } from './inferred-node.js';
import type { Model } from './model.js';
import type { Value } from './value.js';

/** A copy of a graph that can be edited freely; constants share their (immutable) storage. */
export function cloneGraph(source: Graph): Graph {
  const graph = new Graph(source.opsets);
  graph.name = source.name;
  graph.docString = source.docString;
  graph.metadata = new Map(source.metadata);
  const copies = new Map<Value, Value>();
  source.values.forEach((value) => {
    const copy = graph.addValue(value.name, value.type, value.constant);
    copy.docString = value.docString;
    copies.set(value, copy);
  });
  graph.inputs = presentCopies(source.inputs, copies);
  graph.outputs = presentCopies(source.outputs, copies);
  graph.captures = presentCopies(source.captures, copies);
  source.nodes.forEach((node) => {
    const copy = graph.addNode(node.op, {
      name: node.name,
      inputs: copiesOf(node.inputs, copies),
      outputs: copiesOf(node.outputs, copies),
      attributes: node.subgraphs.length > 0 ? cloneAttributes(node.attributes) : node.attributes,
      captures: presentCopies(node.captures, copies),
    });
    copy.docString = node.docString;
    copy.metadata = node.metadata;
    copy.overload = node.overload;
    copy.inferred = node.inferred && copyInferred(node.inferred, copies);
  });
  return graph;
}

function copiesOf(
  values: readonly (Value | undefined)[],
  copies: ReadonlyMap<Value, Value>,
): (Value | undefined)[] {
  return values.map((value) => value && copies.get(value));
}

function presentCopies(values: readonly Value[], copies: ReadonlyMap<Value, Value>): Value[] {
  return values.length > 0 ? copiesOf(values, copies).filter((copy) => copy !== undefined) : [];
}

/** A copy of a model that can be edited freely. */
export function cloneModel(source: Model): Model {
  return {
    ...source,
    graph: cloneGraph(source.graph),
    functions: source.functions.map((each) => ({ ...each, graph: cloneGraph(each.graph) })),
    metadata: new Map(source.metadata),
  };
}

function cloneAttributes(attributes: ReadonlyMap<string, Attribute>): ReadonlyMap<string, Attribute> {
  return new Map([...attributes].map(([name, attribute]) => [name, cloneAttribute(attribute)]));
}

function cloneAttribute(attribute: Attribute): Attribute {
  if (attribute.kind === 'graph') return { kind: 'graph', value: cloneSubgraph(attribute.value) };
  if (attribute.kind === 'graphs') return { kind: 'graphs', value: attribute.value.map(cloneSubgraph) };
  return attribute;
}

function cloneSubgraph(subgraph: Subgraph): Subgraph {
  return { graph: cloneGraph(subgraph.graph), sources: subgraph.sources };
}
