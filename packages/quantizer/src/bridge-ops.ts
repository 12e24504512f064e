import {
  Add,
  AveragePool,
  Clip,
  Clip6,
  Concat,
  DepthToSpace,
  Elu,
  Expand,
  Flatten,
  Gather,
  GlobalAveragePool,
  GlobalMaxPool,
  HardSigmoid,
  HardSwish,
  LeakyRelu,
  MaxPool,
  Mul,
  type Node,
  type Op,
  Pad,
  Relu,
  Reshape,
  Resize,
  Sigmoid,
  Slice,
  Slice1,
  SpaceToDepth,
  Split,
  Squeeze,
  Squeeze1,
  Swish,
  Tanh,
  Tile,
  Transpose,
  Unsqueeze,
  Unsqueeze1,
  type Value,
} from '@octavo/core/ir';
import { toNumbers } from '@octavo/core/tensor';

/**
 * Ops that stay in integers between integer nodes. `move` ops only pick or rearrange elements, so input and output
 * share one set of parameters; `own` ops have output parameters of their own.
 */
interface BridgeOp {
  readonly op: Op;
  readonly kind: 'move' | 'own';
  /** Number of leading inputs that are data; all when absent. */
  readonly dataInputs?: number;
  /** Whether it may have several outputs, all of them data. */
  readonly severalResults?: true;
  /** Whether a node of the op carries integers on; every one does when absent. */
  accepts?(node: Node): boolean;
  /**
   * Only behind a convolution: runtimes convolve in integers where the result is quantized, but products of matrices give
   * their sums in float, on which the function costs less accuracy.
   */
  readonly afterConvolutions?: true;
}

const BRIDGE_OPS: readonly BridgeOp[] = [
  { op: MaxPool, kind: 'move', dataInputs: 1 },
  { op: GlobalMaxPool, kind: 'move', dataInputs: 1 },
  { op: Reshape, kind: 'move', dataInputs: 1 },
  { op: Flatten, kind: 'move', dataInputs: 1 },
  { op: Transpose, kind: 'move', dataInputs: 1 },
  { op: Squeeze, kind: 'move', dataInputs: 1 },
  { op: Squeeze1, kind: 'move', dataInputs: 1 },
  { op: Unsqueeze, kind: 'move', dataInputs: 1 },
  { op: Unsqueeze1, kind: 'move', dataInputs: 1 },
  { op: Slice, kind: 'move', dataInputs: 1 },
  { op: Slice1, kind: 'move', dataInputs: 1 },
  { op: Gather, kind: 'move', dataInputs: 1 },
  { op: Split, kind: 'move', dataInputs: 1, severalResults: true },
  { op: DepthToSpace, kind: 'move', dataInputs: 1 },
  { op: SpaceToDepth, kind: 'move', dataInputs: 1 },
  { op: Expand, kind: 'move', dataInputs: 1 },
  { op: Tile, kind: 'move', dataInputs: 1 },
  { op: Resize, kind: 'move', dataInputs: 1, accepts: takesNearest },
  { op: Pad, kind: 'move', dataInputs: 1, accepts: padsWithZeros },
  { op: Add, kind: 'own' },
  { op: Mul, kind: 'own' },
  { op: Concat, kind: 'own' },
  { op: AveragePool, kind: 'own', dataInputs: 1 },
  { op: GlobalAveragePool, kind: 'own', dataInputs: 1 },
  { op: LeakyRelu, kind: 'own', dataInputs: 1 },
  { op: Relu, kind: 'own', afterConvolutions: true },
  { op: Clip6, kind: 'own', afterConvolutions: true },
  { op: Clip, kind: 'own', dataInputs: 1, accepts: hasConstantBounds, afterConvolutions: true },
  { op: Sigmoid, kind: 'own', afterConvolutions: true },
  { op: HardSigmoid, kind: 'own', afterConvolutions: true },
  { op: HardSwish, kind: 'own', afterConvolutions: true },
  { op: Swish, kind: 'own', afterConvolutions: true },
  { op: Tanh, kind: 'own', afterConvolutions: true },
  { op: Elu, kind: 'own', afterConvolutions: true },
];

const BY_OP: ReadonlyMap<Op, BridgeOp> = new Map(BRIDGE_OPS.map((bridge) => [bridge.op, bridge]));

/** How a node carries integers on, or undefined when it does not. */
export function bridgeKind(node: Node): 'move' | 'own' | undefined {
  const present = node.outputs.filter((value) => value !== undefined);
  const bridge = BY_OP.get(node.op);
  const fits = present.length === 1 || bridge?.severalResults;
  return fits && bridge?.accepts?.(node) !== false ? bridge?.kind : undefined;
}

/** Whether a bridge carries integers on behind convolutions only. */
export function needsConvolution(node: Node): boolean {
  return BY_OP.get(node.op)?.afterConvolutions === true;
}

/** The inputs of a bridge that carry data (not shapes or axes). */
export function bridgeData(node: Node): readonly (Value | undefined)[] {
  return node.inputs.slice(0, BY_OP.get(node.op)?.dataInputs);
}

/** Zero is an integer of every range here, so padding with it stays exact; other values need not be. */
function padsWithZeros(node: Node): boolean {
  const { constant_value: fill } = Pad.inputs(node);
  const value = fill?.constant?.peek();
  return (
    Pad.attributes(node).mode === 'constant' && (!fill || (value !== undefined && toNumbers(value)[0] === 0))
  );
}

function hasConstantBounds({ inputs }: Node): boolean {
  return inputs.slice(1).every((bound) => !bound || bound.constant !== undefined);
}

/** Other modes mix neighbours, and a crop may bring a value from outside. */
function takesNearest(node: Node): boolean {
  const { mode, coordinate_transformation_mode: coordinates } = Resize.attributes(node);
  return mode === 'nearest' && coordinates !== 'tf_crop_and_resize';
}
