import { BatchNormalization, type Graph, GroupNormalization18, type Node } from '@octavo/core/ir';
import { GraphError } from '@octavo/core/tensor';
import { type Lift, replaceNode } from './lift.js';

function refuse(node: Node, message: string): never {
  throw new GraphError({
    code: 'RAISE_OPSET',
    where: `node ${node.label}`,
    message,
    remedy: 'Export the model again, with a newer opset.',
  });
}

function dropSpatial(_: Graph, node: Node): void {
  if (BatchNormalization.attributes(node).spatial === 0) {
    refuse(node, 'BatchNormalization with spatial = 0 does not exist since opset 9.');
  }
  node.setAttribute('spatial', undefined);
}

/** Before opset 14, further outputs meant training; in inference nobody reads them. */
function dropTrainingOutputs(graph: Graph, node: Node): void {
  if (node.outputs.length <= 1) return;
  const used = node.outputs.slice(1).some((value) => value && graph.isUsed(value));
  if (used) refuse(node, 'the statistics that BatchNormalization gave in training mode are read.');
  const { epsilon, momentum } = BatchNormalization.attributes(node);
  replaceNode(
    graph,
    node,
    graph.emit(BatchNormalization, BatchNormalization.inputs(node), { epsilon, momentum }),
  );
}

/** BatchNormalization's old forms; GroupNormalization with one scale a group has no literal successor. */
export const normalizationLifts: readonly Lift[] = [
  { op: BatchNormalization, at: 9, apply: dropSpatial },
  { op: BatchNormalization, at: 14, apply: dropTrainingOutputs },
  {
    op: GroupNormalization18,
    at: 21,
    apply: (_, node) =>
      refuse(node, 'GroupNormalization has one scale a channel since opset 21, not one a group.'),
  },
];
