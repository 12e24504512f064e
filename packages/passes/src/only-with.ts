import type { Graph, Node, Op, Pass } from '@octavo/core/ir';

/** The keys of ops. */
export function keysOf(...ops: readonly Op[]): ReadonlySet<string> {
  return new Set(ops.map(({ key }) => key));
}

/**
 * Whether a graph has a node of one of these ops.
 * @param fits What else must be so of the node.
 */
export function hasOp(graph: Graph, keys: ReadonlySet<string>, fits?: (node: Node) => boolean): boolean {
  for (const node of graph.nodes) if (keys.has(node.op.key) && (!fits || fits(node))) return true;
  return false;
}

/** A pass that has nothing to do in a graph without such a node, nor anything to say about it. See {@link hasOp}. */
export function onlyWith(ops: readonly Op[], pass: Pass, fits?: (node: Node) => boolean): Pass {
  const keys = keysOf(...ops);
  return { ...pass, run: (graph, log) => hasOp(graph, keys, fits) && pass.run(graph, log) };
}
