import type { Graph } from '@octavo/core/ir';

/** Gives each named node a name that no other has, as onnxruntime demands; the first keeps its own. */
export function makeNodeNamesUnique(graph: Graph): void {
  const taken = new Set(graph.nodes.map((node) => node.name));
  const seen = new Set<string>();
  for (const node of graph.nodes) {
    const base = node.name;
    if (base && seen.has(base)) {
      for (let suffix = 2; taken.has(node.name); suffix++) node.name = `${base}_${suffix}`;
      taken.add(node.name);
    }
    seen.add(node.name);
    for (const inner of node.subgraphs) makeNodeNamesUnique(inner.graph);
  }
}
