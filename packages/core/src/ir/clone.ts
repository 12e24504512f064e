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
  for (const value of source.values) {
    const copy = graph.addValue(value.name, value.type, value.constant);
    copy.docString = value.docString;
    copies.set(value, copy);
  }
  const copyOf = (value: Value | undefined): Value | undefined => value && copies.get(value);
  const copyAll = (values: readonly Value[]): Value[] => values.flatMap((value) => copyOf(value) ?? []);
  graph.inputs = copyAll(source.inputs);
  graph.outputs = copyAll(source.outputs);
  graph.captures = copyAll(source.captures);
  for (const node of source.nodes) {
    const copy = graph.addNode(node.op, {
      name: node.name,
      inputs: node.inputs.map(copyOf),
      outputs: node.outputs.map(copyOf),
      attributes: node.subgraphs.length > 0 ? cloneAttributes(node.attributes) : node.attributes,
      captures: copyAll(node.captures),
    });
    copy.docString = node.docString;
    copy.metadata = node.metadata;
    copy.overload = node.overload;
    copy.inferred = node.inferred && copyInferred(node.inferred, copies);
  }
  return graph;
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
