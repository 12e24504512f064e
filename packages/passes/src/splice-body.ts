import { eraseDead, type Graph, type Node, standardRegistry, supersede, type Value } from '@octavo/core/ir';
import { GraphError } from '@octavo/core/tensor';

const STANDARD = standardRegistry();

export interface SpliceOptions {
  /** What the inputs and captures of the body stand for; undefined for an input that is left out. */
  readonly given: ReadonlyMap<Value, Value | undefined>;
  /** Begins the names of values that the body computes. */
  readonly prefix: string;
}

/**
 * Puts copies of the nodes of a body in the place of a node whose outputs they compute.
 * @throws GraphError `FUNCTION_INPUT` when a subgraph inside reads an input that is left out.
 */
export function spliceBody(
  graph: Graph,
  replaced: Node,
  body: Graph,
  { given, prefix }: SpliceOptions,
): void {
  const inside = new Map(given);
  const outside = new Set(given.values());
  for (const value of body.initializers) {
    if (value.constant && !inside.has(value)) {
      const copy = graph.addInitializer(value.name, value.constant);
      if (value.type) copy.type = value.type;
      inside.set(value, copy);
    }
  }
  for (const node of body.sorted()) copyNode(graph, node, inside, replaced.name, prefix);
  body.outputs.forEach((value, i) => {
    const output = replaced.outputs[i];
    const result = inside.get(value);
    if (!output || !result) return;
    const own = result.producer && !outside.has(result) && !graph.isOutput(result);
    supersede(graph, output, own ? result : copyOf(graph, output, result));
  });
  eraseDead(graph, [replaced]);
}

/** A result that the body does not compute (it may return its input) keeps its name. */
function copyOf(graph: Graph, output: Value, result: Value): Value {
  const identity = STANDARD.lookup('', 'Identity', graph.opset);
  const copy = graph.addValue(graph.uniqueName(output.name), output.type);
  graph.addNode(identity, { inputs: [result], outputs: [copy] });
  return copy;
}

function copyNode(
  graph: Graph,
  node: Node,
  inside: Map<Value, Value | undefined>,
  within: string,
  prefix: string,
): void {
  const outputs = node.outputs.map((value) => {
    if (!value) return undefined;
    const copy = graph.addValue(graph.uniqueName(`${prefix}/${value.name}`), value.type);
    inside.set(value, copy);
    return copy;
  });
  const copy = graph.addNode(node.op, {
    name: [within, node.name].filter((part) => part).join('/'),
    inputs: node.inputs.map((value) => value && inside.get(value)),
    outputs,
    attributes: node.attributes,
    captures: node.captures.map((value) => capturedValue(node, inside.get(value))),
  });
  copy.docString = node.docString;
  copy.metadata = node.metadata;
  copy.overload = node.overload;
}

function capturedValue(node: Node, value: Value | undefined): Value {
  if (value) return value;
  throw new GraphError({
    code: 'FUNCTION_INPUT',
    where: `node ${node.label}`,
    message: 'its subgraph reads an input of the function that the call leaves out.',
  });
}
