import type { Graph, Node } from '@octavo/core/ir';

/** The nodes of a graph and of those inside it. */
export function allNodes(graph: Graph): readonly Node[] {
  return graph.nodes.flatMap((node) => [node, ...node.subgraphs.flatMap((inner) => allNodes(inner.graph))]);
}
