import type { Graph, Node, Value } from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import type { Support } from './support.js';

/** What a backend may ask while it decides. */
export interface SupportContext {
  readonly graph: Graph;
  /** Version of the node's op domain in the graph. */
  readonly opset: number;
}

/**
 * A part of a graph, given to one backend: nodes in topological order, the values it takes from outside
 * (constants not included) and the values that others need from it.
 */
export interface Subgraph {
  readonly graph: Graph;
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** The elements of constant values, read once by whoever packs them. */
  constant(value: Value): Promise<Tensor>;
}

/** How one node of a compiled subgraph is executed; what `session.explain()` prints. */
export interface NodePlan {
  readonly node: Node;
  /** Kernel's name, e.g. `gemm_u8s8s32_x86_avx512vnni` or `reference`. */
  readonly kernel: string;
}

/** Called with each intermediate value as it is computed. */
export type Tap = (value: Value, tensor: Tensor) => void;

/** A compiled subgraph. Safe to dispose twice; running after that throws. */
export interface Executable {
  readonly plan: readonly NodePlan[];
  /**
   * Runs once. `inputs` are in the order of `Subgraph.inputs`; the result is in the order of `Subgraph.outputs`.
   * Quantized values are tensors of their storage dtype. `tap`, when given, sees every value the nodes compute.
   * With a `signal`, long runs let the event loop turn between nodes and stop with the signal's reason.
   */
  run(
    inputs: readonly Tensor[],
    tap?: Tap,
    signal?: AbortSignal,
  ): readonly Tensor[] | Promise<readonly Tensor[]>;
  /** Present when the backend can run without waiting. */
  runSync?(inputs: readonly Tensor[], tap?: Tap): readonly Tensor[];
  [Symbol.dispose](): void;
}

/** What runs nodes. A backend keeps nothing between subgraphs but what it needs to be fast. */
export interface Backend {
  /** Short and stable, e.g. `cpu`. */
  readonly id: string;
  /** Never throws: what a backend does not know, it declines with a reason. */
  supports(node: Node, context: SupportContext): Support;
  /** Packs weights and prepares kernels, once. Called only with nodes that it supports. */
  compile(subgraph: Subgraph): Promise<Executable>;
  [Symbol.dispose](): void;
}
