import type { Attribute, Subgraph } from './attribute.js';
import { Graph } from './graph.js';
import type { Node } from './node.js';
import type { Value } from './value.js';

type SavedValue = Pick<Value, 'name' | 'type' | 'constant' | 'docString'> & { readonly value: Value };

type SavedNode = Pick<
  Node,
  | 'op'
  | 'name'
  | 'inputs'
  | 'outputs'
  | 'attributes'
  | 'captures'
  | 'docString'
  | 'metadata'
  | 'overload'
  | 'inferred'
> & { readonly nests: boolean };

/**
 * What a graph is when this is made. It gives copies of that, whatever becomes of the graph later, and takes much less than
 * a copy that may never be asked for: edits replace the lists of a node, which are kept here as they are.
 */
export class GraphSnapshot {
  private readonly graph: Pick<Graph, 'name' | 'docString' | 'metadata' | 'opsets'>;
  private readonly ports: Readonly<Record<'inputs' | 'outputs' | 'captures', readonly Value[]>>;
  private readonly values: SavedValue[] = [];
  private readonly nodes: SavedNode[] = [];
  private readonly inner = new Map<Graph, GraphSnapshot>();

  constructor(source: Graph) {
    const { name, docString, metadata, inputs, outputs, captures, values, nodes } = source;
    this.graph = { name, docString, metadata, opsets: new Map(source.opsets) };
    this.ports = { inputs: inputs.slice(), outputs: outputs.slice(), captures: captures.slice() };
    this.saveValues(values);
    this.saveNodes(nodes);
  }

  /** The graph as it was, to be edited freely; constants share their (immutable) storage. */
  copy(): Graph {
    const graph = new Graph(this.graph.opsets);
    graph.name = this.graph.name;
    graph.docString = this.graph.docString;
    graph.metadata = new Map(this.graph.metadata);
    const copies = new Map<Value, Value>();
    for (const { value, name, type, constant, docString } of this.values) {
      const copy = graph.addValue(name, type, constant);
      copy.docString = docString;
      copies.set(value, copy);
    }
    graph.inputs = presentCopies(this.ports.inputs, copies);
    graph.outputs = presentCopies(this.ports.outputs, copies);
    graph.captures = presentCopies(this.ports.captures, copies);
    for (const node of this.nodes) this.copyNode(node, graph, copies);
    return graph;
  }

  private saveValues(values: readonly Value[]): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!value) continue;
      const { name, constant, docString } = value;
      this.values.push({ value, name, type: value.tensorType ?? value.type, constant, docString });
    }
  }

  private saveNodes(nodes: readonly Node[]): void {
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (!node) continue;
      const { op, name, inputs, outputs, attributes, captures, docString, metadata, overload, inferred } =
        node;
      const nests = node.subgraphs.length > 0;
      this.nodes.push({
        op,
        name,
        inputs,
        outputs,
        attributes,
        captures,
        docString,
        metadata,
        overload,
        inferred,
        nests,
      });
      if (nests) for (const { graph } of node.subgraphs) this.inner.set(graph, new GraphSnapshot(graph));
    }
  }

  private copyNode(node: SavedNode, graph: Graph, copies: ReadonlyMap<Value, Value>): void {
    const copy = graph.addNode(node.op, {
      name: node.name,
      inputs: copiesOf(node.inputs, copies),
      outputs: copiesOf(node.outputs, copies),
      attributes: node.nests ? this.copyAttributes(node.attributes) : node.attributes,
      captures: presentCopies(node.captures, copies),
    });
    copy.docString = node.docString;
    copy.metadata = node.metadata;
    copy.overload = node.overload;
    copy.inferred = node.inferred;
  }

  private copyAttributes(attributes: ReadonlyMap<string, Attribute>): ReadonlyMap<string, Attribute> {
    return new Map([...attributes].map(([name, attribute]) => [name, this.copyAttribute(attribute)]));
  }

  private copyAttribute(attribute: Attribute): Attribute {
    const copy = ({ graph, sources }: Subgraph): Subgraph => {
      return { graph: this.inner.get(graph)?.copy() ?? graph, sources };
    };
    if (attribute.kind === 'graph') return { kind: 'graph', value: copy(attribute.value) };
    return attribute.kind === 'graphs' ? { kind: 'graphs', value: attribute.value.map(copy) } : attribute;
  }
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
