import type { Graph, Value } from '@octavo/core/ir';

/** Whether an output of a node is there and read. */
export function isUsed(graph: Graph, output: Value | undefined): boolean {
  return output !== undefined && graph.isUsed(output);
}
