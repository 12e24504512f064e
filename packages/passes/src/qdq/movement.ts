import type { Node, Value } from '@octavo/core/ir';

/** ONNX ops whose outputs are elements of their data input, whatever the elements mean (MaxPool: with scale > 0). */
const MOVEMENT: ReadonlySet<string> = new Set([
  'Concat',
  'DepthToSpace',
  'Expand',
  'Flatten',
  'Gather',
  'Identity',
  'MaxPool',
  'Reshape',
  'Slice',
  'SpaceToDepth',
  'Split',
  'Squeeze',
  'Tile',
  'Transpose',
  'Unsqueeze',
]);

/** Whether a node only moves elements, so that its integers keep their meaning. */
export function isMovement(node: Node): boolean {
  return node.op.domain === '' && MOVEMENT.has(node.op.name);
}

/** The values whose elements a movement node takes and gives; indices and shapes are not among them. */
export function movedValues(node: Node): readonly Value[] {
  const sources = node.op.name === 'Concat' ? node.inputs : node.inputs.slice(0, 1);
  const results = node.op.name === 'MaxPool' ? node.outputs.slice(0, 1) : node.outputs;
  return [...sources, ...results].filter((value) => value !== undefined);
}
