import { eraseDead, type Graph, type Pass, type PassLog } from '@octavo/core/ir';

/** Removes nodes whose outputs nobody reads, and initializers that no node reads. Graph inputs stay. */
export const eliminateDeadNodes: Pass = { name: 'eliminate-dead-nodes', run };

function run(graph: Graph, log: PassLog): boolean {
  let changed = false;
  for (const node of graph.sorted().reverse()) {
    if (!graph.has(node) || node.output?.isRead) continue;
    const place = node.label;
    eraseDead(graph, [node]);
    if (graph.has(node)) continue;
    log.fired('eliminate-dead-nodes', place);
    changed = true;
  }
  for (const value of graph.initializers) {
    if (graph.isUsed(value) || graph.inputs.includes(value)) continue;
    graph.removeValue(value);
    changed = true;
  }
  return changed;
}
