import { eraseDead, type Graph, type Pass, type PassLog, type Value } from '@octavo/core/ir';

/** Removes nodes whose outputs nobody reads, and initializers that no node reads. Graph inputs stay. */
export const eliminateDeadNodes: Pass = { name: 'eliminate-dead-nodes', run };

function run(graph: Graph, log: PassLog): boolean {
  let changed = false;
  for (const node of graph.sorted().reverse()) {
    if (node.output?.isRead || !graph.has(node)) continue;
    const place = node.label;
    eraseDead(graph, [node]);
    if (graph.has(node)) continue;
    log.fired('eliminate-dead-nodes', place);
    changed = true;
  }
  for (const value of graph.values) {
    if (value.constant === undefined || value.isRead || isPort(graph, value)) continue;
    graph.removeValue(value);
    changed = true;
  }
  return changed;
}

function isPort({ inputs, outputs, captures }: Graph, value: Value): boolean {
  return outputs.includes(value) || inputs.includes(value) || captures.includes(value);
}
