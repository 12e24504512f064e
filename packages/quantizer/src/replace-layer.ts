import type { Graph, Node } from '@octavo/core/ir';
import type { ComputeParts } from './compute-ops.js';
import { dropUnused } from './insert-qdq.js';

/**
 * Puts the first output of `result` in the place of a layer's: readers, name, type and description go over, and
 * constants that only the layer read are dropped.
 */
export function replaceLayer(graph: Graph, { node, weight, bias }: ComputeParts, result: Node): void {
  const { output: from } = node;
  const { output: to } = result;
  if (!from || !to) return;
  const { name, type, docString } = from;
  graph.replaceAllUses(from, to);
  graph.removeNode(node);
  graph.rename(to, name);
  to.type = type;
  to.docString = docString;
  for (const value of [weight, bias]) if (value) dropUnused(graph, value);
}
