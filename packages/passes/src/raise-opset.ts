import { type Graph, inferTypes, type Pass, type PassLog, standardRegistry } from '@octavo/core/ir';
import { GraphError } from '@octavo/core/tensor';
import { axesLifts } from './raise-opset/axes-lifts.js';
import { inputLifts } from './raise-opset/input-lifts.js';
import { legacyLifts } from './raise-opset/legacy-lifts.js';
import type { Lift } from './raise-opset/lift.js';
import { normalizationLifts } from './raise-opset/normalization-lifts.js';
import { resizeLifts } from './raise-opset/resize-lifts.js';
import { softmaxLifts } from './raise-opset/softmax-lifts.js';

/** In the order of their versions, so that a node may pass through several. */
const LIFTS: readonly Lift[] = [
  ...axesLifts,
  ...inputLifts,
  ...legacyLifts,
  ...normalizationLifts,
  ...resizeLifts,
  ...softmaxLifts,
].sort((a, b) => a.at - b.at);

/**
 * Writes a graph in version `target` (7 to 28) of ONNX's op set: nodes whose form changed since the graph's own
 * version get the new one. Newer graphs are left as they are. A file's IR version is the writer's concern.
 * @throws GraphError `RAISE_OPSET` when a node has no equivalent, with the node.
 */
export function raiseOpset(target: number): Pass {
  return {
    name: 'raise-opset',
    run: (graph, log) => raise(graph, target, log),
    ensures: checkVersions,
  };
}

function raise(graph: Graph, target: number, log: PassLog): boolean {
  const from = graph.opset;
  if (from >= target) return false;
  inferTypes(graph);
  for (const lift of LIFTS) {
    if (lift.at <= from || lift.at > target) continue;
    for (const node of graph.sorted()) {
      if (!lift.op.is(node)) continue;
      log.fired(`${lift.op.name}-${lift.at}`, node.label);
      lift.apply(graph, node);
    }
  }
  for (const node of graph.nodes) {
    if (node.op.domain === '' && !node.op.known) {
      log.declined(
        'raise-opset',
        node.label,
        `${node.op.name} has no definition and is carried over as it is`,
      );
    }
  }
  graph.opsets.set('', target);
  return true;
}

/** Every node has the meaning that its name has in the graph's version. */
function checkVersions(graph: Graph): void {
  const registry = standardRegistry();
  for (const { op, label } of graph.nodes) {
    if (op.domain !== '' || !op.known) continue;
    const inForce = registry.lookup('', op.name, graph.opset);
    if (inForce.since === op.since) continue;
    throw new GraphError({
      code: 'RAISE_OPSET',
      where: `node ${label}`,
      message: `${op.name} of version ${op.since} has no equivalent in opset ${graph.opset}.`,
      remedy: 'Export the model again, with a newer opset.',
    });
  }
}
