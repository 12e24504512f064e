import {
  Add,
  AveragePool,
  Concat,
  Flatten,
  GlobalAveragePool,
  GlobalMaxPool,
  LeakyRelu,
  MaxPool,
  Mul,
  type Node,
  type Op,
  Reshape,
  Squeeze,
  Squeeze1,
  Transpose,
  Unsqueeze,
  Unsqueeze1,
  type Value,
} from '@octavo/core/ir';

/**
 * Ops that stay in integers between integer nodes. `move` ops only pick or rearrange elements, so input and output
 * share one set of parameters; `own` ops have output parameters of their own.
 */
interface BridgeOp {
  readonly op: Op;
  readonly kind: 'move' | 'own';
  /** Number of leading inputs that are data; all when absent. */
  readonly dataInputs?: number;
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
  { op: Add, kind: 'own' },
  { op: Mul, kind: 'own' },
  { op: Concat, kind: 'own' },
  { op: AveragePool, kind: 'own', dataInputs: 1 },
  { op: GlobalAveragePool, kind: 'own', dataInputs: 1 },
  { op: LeakyRelu, kind: 'own', dataInputs: 1 },
];

const BY_OP: ReadonlyMap<Op, BridgeOp> = new Map(BRIDGE_OPS.map((bridge) => [bridge.op, bridge]));

/** How a node carries integers on, or undefined when it does not. */
export function bridgeKind(node: Node): 'move' | 'own' | undefined {
  const present = node.outputs.filter((value) => value !== undefined);
  return present.length === 1 ? BY_OP.get(node.op)?.kind : undefined;
}

/** The inputs of a bridge that carry data (not shapes or axes). */
export function bridgeData(node: Node): readonly (Value | undefined)[] {
  return node.inputs.slice(0, BY_OP.get(node.op)?.dataInputs);
}
