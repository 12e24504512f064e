import type { Graph, Node, Value } from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import type { Operands } from './kernel.js';
import type { Support } from './support.js';

/** What a backend may ask while it decides. */
export interface SupportContext {
  readonly graph: Graph;
  /** Version of the node's op domain in the graph. */
  readonly opset: number;
}

/** What a backend may ask while it computes a single node. */
export interface EvaluationContext extends SupportContext {
  /** The most bytes of one value. */
  readonly maxTensorBytes: number;
}

/**
 * A part of a graph, given to one backend: nodes in topological order, the values it takes from outside,
 * each once (constants not included), and the values that others need from it.
 */
export interface Subgraph {
  readonly graph: Graph;
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /**
   * The elements of constant values, read once by whoever packs them. Those in memory already (`value.constant.peek()`) a
   * backend may take from there.
   */
  constant(value: Value): Promise<Tensor>;
}

/** What a session wants of a compiled subgraph beyond its results. */
export interface CompileOptions {
  /** The most threads that one run may use; a backend without threads ignores it. Default: the backend's choice. */
  readonly threads?: number;
  /** Values that a run's `tap` wants to see; a backend may fuse all others away. Default: every value. */
  readonly taps?: ReadonlySet<Value>;
  /**
   * The most bytes of one value (default `MAX_TENSOR_BYTES`). Sessions check what is known when they compile; a backend
   * checks what only a run tells.
   */
  readonly maxTensorBytes?: number;
}

/** How one node of a compiled subgraph is executed; what `session.explain()` prints. */
export interface NodePlan {
  readonly node: Node;
  /** Kernel's name, e.g. `gemm_u8s8s32_x86_avx512vnni` or `reference`. */
  readonly kernel: string;
  /** The node of the same plan whose kernel computes this one too. Its own `kernel` then names what it became there. */
  readonly fusedInto?: Node;
  /** What a backend decided about the node that a user may want to know, e.g. why it was not fused. */
  readonly notes?: readonly string[];
}

/**
 * Called with the name of each intermediate value as it is computed. The tensor is the backend's: its next run may overwrite
 * it.
 */
export type Tap = (name: string, tensor: Tensor) => void;

/** When one entry of a plan ran, in milliseconds on the clock of `performance.now()`. */
export interface Span {
  /** Position in `Executable.plan`. Entries that are fused into others have no span. */
  readonly step: number;
  readonly start: number;
  readonly duration: number;
}

export interface ProfiledRun {
  readonly outputs: readonly Tensor[];
  /** In the order of execution. */
  readonly spans: readonly Span[];
}

/** A run over buffers that stay the same. Safe to dispose twice; running after that throws. */
export interface Binding {
  /** The caller's tensors: write their elements before a run. */
  readonly inputs: readonly Tensor[];
  /** Read their elements after a run. */
  readonly outputs: readonly Tensor[];
  /** Computes the outputs' elements from what the inputs hold now. Allocates nothing. */
  run(): void;
  [Symbol.dispose](): void;
}

/** Bytes that an executable holds. */
export interface MemoryUse {
  /** Constants and packed weights. */
  readonly weights: number;
  /** Intermediate values, one arena for all of them where the backend has one. */
  readonly activations: number;
}

/** Names an executable in its backend, process-wide: plain data that `postMessage` can carry. */
export interface ExecutableToken {
  readonly id: number;
  /** Tells an executable from an earlier one of the same id. */
  readonly generation: number;
}

/** What runs a compiled subgraph, in the thread that compiled it or in another. */
export interface Runnable {
  /**
   * Runs once. `inputs` are in the order of `Subgraph.inputs`; the result is in the order of `Subgraph.outputs`.
   * Quantized values are tensors of their storage dtype. `tap`, when given, sees every value of
   * `CompileOptions.taps` that the nodes compute.
   * With a `signal`, long runs let the event loop turn between nodes and stop with the signal's reason; native runs
   * that a `tap` watches stop before they begin.
   */
  run(
    inputs: readonly Tensor[],
    tap?: Tap,
    signal?: AbortSignal,
  ): readonly Tensor[] | Promise<readonly Tensor[]>;
  /** Present when the backend can run without waiting. */
  runSync?(inputs: readonly Tensor[], tap?: Tap): readonly Tensor[];
  /**
   * Fixes the buffers of later runs. An output that is not given is allocated now.
   * Throws OctavoError when a tensor does not fit, or when an output's shape is not known before a run.
   */
  bind?(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[]): Binding;
  /** Runs once and times each step. */
  profile?(inputs: readonly Tensor[]): ProfiledRun | Promise<ProfiledRun>;
  [Symbol.dispose](): void;
}

/** A compiled subgraph. Safe to dispose twice; running after that throws. */
export interface Executable extends Runnable {
  /** One entry a node, in the order of execution. */
  readonly plan: readonly NodePlan[];
  readonly memory?: MemoryUse;
  /**
   * Makes the executable reachable for {@link Backend.open} in every thread of the process. What is shared stays
   * in memory until this executable and every one opened from it are disposed of.
   */
  share?(): ExecutableToken;
}

/** What runs nodes. A backend keeps nothing between subgraphs but what it needs to be fast. */
export interface Backend {
  /** Short and stable, e.g. `cpu`. */
  readonly id: string;
  /** Never throws: what a backend does not know, it declines with a reason. */
  supports(node: Node, context: SupportContext): Support;
  /**
   * Packs weights and prepares kernels, once. Called only with nodes that it supports, as they were when it was last asked.
   * A session compiles a graph with symbolic dimensions once for each set of input shapes, with every shape that
   * follows from them filled in. `value.constant` is then the same object for the same weights each time: a backend
   * can keep what it packs under that key (a WeakMap) and pack once.
   */
  compile(subgraph: Subgraph, options?: CompileOptions): Promise<Executable>;
  /**
   * Computes one node without subgraphs, whose operands are constants, by itself: the outputs that it has, in order;
   * undefined where the backend does not support it. Present where that takes less than to compile a subgraph.
   */
  evaluate?(node: Node, inputs: Operands, context: EvaluationContext): Promise<readonly Tensor[] | undefined>;
  /** Opens what another thread shared. Throws OctavoError when it is gone. */
  open?(token: ExecutableToken): Runnable;
  [Symbol.dispose](): void;
}
