import type { Graph } from './graph.js';
import type { Node } from './node.js';
import type { Dim, TensorType, Value } from './value.js';

/** What type inference found out about a node, so that it need not look again while nothing that it saw changes. */
export interface InferredNode {
  /** All that it saw: types, elements and known dimensions of operands, attributes, op set. */
  readonly seen: readonly unknown[];
  /** The types that it left the outputs with. */
  readonly types: readonly (TensorType | undefined)[];
  /** Elements of the first output, where that is a shape. */
  readonly dims: readonly Dim[] | undefined;
}

/** Where a value is captured: by which node, for which of its subgraphs. */
export interface CaptureSite {
  readonly node: Node;
  readonly graph: Graph;
  /** Where it last lay among the captures of that subgraph. */
  position: number;
}

/** The value of the enclosing graph that a capture stands for now, as far as inference has seen where it is captured. */
export function capturedValue(inner: Value): Value | undefined {
  const site = inner.captured;
  if (!site) return undefined;
  const { node, graph } = site;
  if (graph.captures[site.position] !== inner) site.position = graph.captures.indexOf(inner);
  const sources = node.subgraphs.find((each) => each.graph === graph)?.sources;
  return node.captures[sources?.[site.position] ?? -1];
}

/** Where the elements of a value come from: those of a capture, from the graphs around. */
export function originOf(value: Value): Value {
  const outer = value.constant || !value.captured ? undefined : capturedValue(value);
  return outer ? originOf(outer) : value;
}

/** The elements of a node's first output as `inferTypes` last followed them from shapes, in row-major order. */
export function followedElements(node: Node): readonly Dim[] | undefined {
  return node.inferred?.dims;
}

/** What inference sees of a node, to be compared by identity: the same for copies of its operands. */
export function seenOf(node: Node, opset: number): readonly unknown[] {
  const { inputs } = node;
  const seen: unknown[] = new Array(2 + 3 * inputs.length);
  seen[0] = opset;
  seen[1] = node.attributes;
  for (let i = 0, at = 2; i < inputs.length; i++) {
    const value = inputs[i];
    const origin = value?.captured ? originOf(value) : value;
    seen[at++] = value?.tensorType ?? value !== undefined;
    // The producer may be a `Constant`, whose elements are in its attributes.
    seen[at++] = origin?.constant ?? origin?.producer?.attributes;
    seen[at++] = origin?.producer?.inferred?.dims;
  }
  return seen;
}

/** Whether a node looks as {@link seenOf} found it, and its outputs have the types that were inferred from that. */
export function isCurrent({ seen, types }: InferredNode, node: Node, opset: number): boolean {
  const { inputs, outputs } = node;
  if (seen[0] !== opset || seen[1] !== node.attributes || seen.length !== 2 + 3 * inputs.length) return false;
  for (let i = 0, at = 2; i < inputs.length; i++) {
    const value = inputs[i];
    const origin = value?.captured ? originOf(value) : value;
    if (seen[at++] !== (value?.tensorType ?? value !== undefined)) return false;
    if (seen[at++] !== (origin?.constant ?? origin?.producer?.attributes)) return false;
    if (seen[at++] !== origin?.producer?.inferred?.dims) return false;
  }
  for (let i = 0; i < types.length; i++) if (outputs[i]?.tensorType !== types[i]) return false;
  return types.length === outputs.length;
}
