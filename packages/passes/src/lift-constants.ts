import { Constant, fixNode, type Graph, type Pass, type PassLog, storedConstant } from '@octavo/core/ir';

/** Turns `Constant` nodes into initializers. Sparse constants and constants that are graph outputs stay nodes. */
export const liftConstants: Pass = { name: 'lift-constants', run: lift };

function lift(graph: Graph, log: PassLog): boolean {
  let changed = false;
  for (const node of graph.nodes) {
    if (node.op.key !== Constant.key) continue;
    const { output } = node;
    const constant = storedConstant(output);
    if (!output || !constant) continue;
    if (graph.isOutput(output)) {
      log.declined('lift-constants', node.label, 'it is an output of the graph');
      continue;
    }
    log.fired('lift-constants', node.label);
    fixNode(graph, node, [constant]);
    changed = true;
  }
  return changed;
}
