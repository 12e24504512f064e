import { SUPPORTED, type Support, type SupportContext } from '@octavo/backend';
import type { AttributeSchema, AttributesOf, Node, Op, OpDefinition, Slot } from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import type { ProgramBuilder } from './program-builder.js';

/** A node on its way into a program. */
export interface LoweredNode {
  readonly node: Node;
  /** Version of the op's domain in the graph. */
  readonly opset: number;
  /** Elements of the inputs that are constant, by position; undefined elsewhere. */
  readonly constants: readonly (Tensor | undefined)[];
}

/** How one op becomes ops of a native program. */
export interface Lowering {
  readonly op: Op;
  supports(node: Node, context: SupportContext): Support;
  lower(lowered: LoweredNode, program: ProgramBuilder): void;
}

export interface LoweringSpec<A extends AttributeSchema> {
  /**
   * Which nodes it takes (default: all). The shapes of all operands and outputs are known, and their elements are
   * whole bytes in memory (constants may be packed), when it is asked.
   */
  supports?(node: Node, context: SupportContext): Support;
  /** Emits what computes the node's outputs. Called in topological order, only for nodes that it supports. */
  lower(lowered: LoweredNode & { readonly attributes: AttributesOf<A> }, program: ProgramBuilder): void;
}

/** A lowering of one op; attributes are typed from the op. */
export function defineLowering<
  I extends readonly Slot[],
  O extends readonly Slot[],
  A extends AttributeSchema,
>(op: OpDefinition<I, O, A>, spec: LoweringSpec<A>): Lowering {
  return {
    op,
    supports: spec.supports ?? always,
    lower: ({ node, opset, constants }, program) =>
      spec.lower({ node, opset, constants, attributes: op.attributes(node) }, program),
  };
}

function always(): Support {
  return SUPPORTED;
}
