import { eraseDead, type Graph, type Node, type Op, supersede, type Value } from '@octavo/core/ir';
import { int64, StoredTensor } from '@octavo/core/tensor';

/** How nodes of one op are written from version `at` of the op set on. */
export interface Lift {
  readonly op: Op;
  readonly at: number;
  /** Changes the node or puts another in its place. Throws GraphError `RAISE_OPSET` when there is no equivalent. */
  apply(graph: Graph, node: Node): void;
}

/** Puts a fresh node in the place of another, output by output; surplus outputs of the old one must be unused. */
export function replaceNode(graph: Graph, old: Node, fresh: Node): void {
  fresh.name = old.name;
  fresh.docString = old.docString;
  fresh.metadata = old.metadata;
  old.outputs.forEach((value, i) => {
    const successor = fresh.outputs[i];
    if (value && successor) supersede(graph, value, successor);
  });
  eraseDead(graph, [old]);
}

/** An int64 initializer named after the node and its use. */
export function intsInput(graph: Graph, node: Node, use: string, values: readonly number[]): Value {
  const tensor = int64(values.map(saturateInt64));
  return graph.addInitializer(`${node.output?.name ?? node.op.name}_${use}`, StoredTensor.of(tensor));
}

const LARGEST = 2n ** 63n - 1n;

/** As a number, the largest int64 ("to the end" in slices) is 2^63, which would wrap to the smallest. */
function saturateInt64(value: number): bigint {
  const exact = BigInt(value);
  return exact > LARGEST ? LARGEST : exact;
}
