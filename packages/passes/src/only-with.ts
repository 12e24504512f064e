import type { Graph, Op, Pass } from '@octavo/core/ir';

/** The keys of ops. */
export function keysOf(...ops: readonly Op[]): ReadonlySet<string> {
  return new Set(ops.map(({ key }) => key));
}

/** Whether a graph has a node of one of these ops. */
export function hasOp(graph: Graph, keys: ReadonlySet<string>): boolean {
  for (const { op } of graph.nodes) if (keys.has(op.key)) return true;
  return false;
}

/** A pass that has nothing to do in a graph without any of these ops, nor anything to say about it. */
export function onlyWith(ops: readonly Op[], pass: Pass): Pass {
  const keys = keysOf(...ops);
  return { ...pass, run: (graph, log) => hasOp(graph, keys) && pass.run(graph, log) };
}
