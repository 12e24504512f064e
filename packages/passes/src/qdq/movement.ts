import { Clip, type Node, Resize, type Value } from '@octavo/core/ir';
import type { QuantizedType } from '@octavo/core/quant';
import { clampsIntegers } from './integer-clamp.js';

/** ONNX ops whose outputs are elements of their data input, whatever the elements mean (see `movementProblem`). */
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
  const { domain, name, key } = node.op;
  if (domain === '' && MOVEMENT.has(name)) return true;
  return key === Resize.key ? takesNearest(node) : key === Clip.key && clampsIntegers(node);
}

/** Other modes mix neighbours, and a crop may bring a value from outside. */
function takesNearest(node: Node): boolean {
  const { mode, coordinate_transformation_mode: coordinates } = Resize.attributes(node);
  return mode === 'nearest' && coordinates !== 'tf_crop_and_resize';
}

/** The values whose elements a movement node takes and gives; indices and shapes are not among them. */
export function movedValues(node: Node): readonly Value[] {
  const { op, inputs, outputs } = node;
  const moved: Value[] = [];
  for (const value of op.name === 'Concat' ? inputs : inputs.slice(0, 1)) if (value) moved.push(value);
  for (const value of op.name === 'MaxPool' ? outputs.slice(0, 1) : outputs) if (value) moved.push(value);
  return moved;
}

/** Why integers of a type lose their meaning on the way through a movement node; undefined when they keep it. */
export function movementProblem(node: Node, { granularity, scales }: QuantizedType): string | undefined {
  if (granularity.kind !== 'per-tensor') return `${node.label} moves elements of several scales`;
  const isOrdered = (node.op.name !== 'MaxPool' && !clampsIntegers(node)) || (scales[0] ?? 0) > 0;
  return isOrdered ? undefined : `${node.label} compares integers whose scale is not positive`;
}
