import { SUPPORTED, type Support, type SupportContext, unsupported } from '@octavo/backend';
import type { Node, Op } from '@octavo/core/ir';
import type { Lowering } from './lowering.js';
import { declineValues } from './static-value.js';
import { throughFloat } from './through-float.js';

/** The lowerings that there are. */
export interface LoweringTable {
  readonly byOp: ReadonlyMap<Op, readonly Lowering[]>;
  /** Those of nodes that {@link supportOf} was asked about, until it is asked again. */
  readonly found: WeakMap<Node, Lowering>;
}

const NONE: readonly Lowering[] = [];

export function loweringTable(lowerings: readonly Lowering[]): LoweringTable {
  const byOp = new Map<Op, Lowering[]>();
  for (const lowering of lowerings) byOp.set(lowering.op, [...(byOp.get(lowering.op) ?? []), lowering]);
  return { byOp, found: new WeakMap() };
}

/**
 * Whether one of the lowerings takes a node, or why the one meant for it does not: the first for quantized values, the
 * last for others.
 */
export function supportOf(table: LoweringTable, node: Node, context: SupportContext): Support {
  table.found.delete(node);
  const candidates = table.byOp.get(node.op) ?? NONE;
  const reason = candidates.length === 0 ? `no ${node.op.name} kernel` : declineValues(node);
  if (reason !== undefined) return unsupported(reason);
  const found = chooseAmong(table, node, context);
  if (found) {
    table.found.set(node, found);
    return SUPPORTED;
  }
  const answers = candidates.map((lowering) => lowering.supports(node, context));
  const isQuantized = node.operands.some(({ quantized }) => quantized !== undefined);
  return (isQuantized ? answers[0] : answers.at(-1)) ?? unsupported(`no ${node.op.name} kernel`);
}

/**
 * The lowering of a node that {@link supportOf} accepted, which has not changed since: its own, or that of the float node
 * that it stands for.
 */
export function chooseLowering(
  table: LoweringTable,
  node: Node,
  context: SupportContext,
): Lowering | undefined {
  const found = table.found.get(node);
  if (found) return found;
  return declineValues(node) === undefined ? chooseAmong(table, node, context) : undefined;
}

function chooseAmong(table: LoweringTable, node: Node, context: SupportContext): Lowering | undefined {
  return direct(table, node, context) ?? throughFloat(node, context, (...twin) => direct(table, ...twin));
}

function direct(table: LoweringTable, node: Node, context: SupportContext): Lowering | undefined {
  const candidates = table.byOp.get(node.op) ?? NONE;
  for (let i = 0; i < candidates.length; i++) {
    const lowering = candidates[i];
    if (lowering?.supports(node, context).supported) return lowering;
  }
  return undefined;
}
