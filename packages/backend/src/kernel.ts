import type {
  AttributeSchema,
  AttributesOf,
  Node,
  Op,
  OpDefinition,
  Slot,
  TensorType,
} from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import type { SupportContext } from './backend.js';
import { SUPPORTED, type Support } from './support.js';

/** What a kernel is prepared with, whatever the op. */
export interface NodePreparation {
  readonly node: Node;
  /** Version of the op's domain in the graph. */
  readonly opset: number;
  /** Elements of the inputs that are constant, by position; undefined elsewhere. */
  readonly constants: readonly (Tensor | undefined)[];
  /** Types of the inputs and outputs by position; quantized types carry the qparams. */
  readonly inputTypes: readonly (TensorType | undefined)[];
  readonly outputTypes: readonly (TensorType | undefined)[];
  /** The most bytes of one value; of interest to kernels that gather results over rounds. */
  readonly maxTensorBytes: number;
}

/** The same with the node's typed attributes. */
export interface Preparation<A extends AttributeSchema> extends NodePreparation {
  readonly attributes: AttributesOf<A>;
}

/** Tensors by position; undefined where an optional one is left out. */
export type Operands = readonly (Tensor | undefined)[];

/** Computes a node once: inputs by position, outputs by position; `captures` are the node's captures, for subgraphs. */
export type KernelFunction = (inputs: Operands, captures: readonly Tensor[]) => Operands;

/** A node made ready. */
export interface PreparedKernel {
  /** Shown by `explain()`; the backend's id when absent. */
  readonly name?: string;
  readonly run: KernelFunction;
  dispose?(): void;
}

/** One op on one backend. */
export interface Kernel {
  readonly op: Op;
  supports(node: Node, context: SupportContext): Support;
  prepare(preparation: NodePreparation): Promise<PreparedKernel>;
}

/** What {@link defineKernel} takes: `supports` is optional, `prepare` may return just the function. */
export interface KernelSpec<A extends AttributeSchema> {
  supports?(node: Node, context: SupportContext): Support;
  prepare(
    preparation: Preparation<A>,
  ): KernelFunction | PreparedKernel | Promise<KernelFunction | PreparedKernel>;
}

/** A kernel for one op; attributes in `prepare` are typed from the op. */
export function defineKernel<I extends readonly Slot[], O extends readonly Slot[], A extends AttributeSchema>(
  op: OpDefinition<I, O, A>,
  spec: KernelSpec<A>,
): Kernel {
  return {
    op,
    supports: (node, context) => spec.supports?.(node, context) ?? SUPPORTED,
    prepare: async (preparation) => {
      const prepared = await spec.prepare({ ...preparation, attributes: op.attributes(preparation.node) });
      return typeof prepared === 'function' ? { run: prepared } : prepared;
    },
  };
}
