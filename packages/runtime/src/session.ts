import type { TensorType } from '@octavo/core/ir';
import type { DType, Tensor } from '@octavo/core/tensor';
import type { Explanation } from './explain.js';
import type { ProfileOptions, SessionProfile } from './profile.js';
import type { SessionToken } from './session-token.js';

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** An input or output of a session. Symbolic dimensions keep their names; null is unknown. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: TensorType['shape'];
  /** What a run takes for an input that it is not fed; without one the input has to be fed. */
  readonly default?: Tensor;
}

export interface RunOptions {
  /**
   * Called with every tapped value as it is computed; only names given as `taps` at creation are reported. The session's
   * next run may overwrite the tensor: copy what is kept for longer.
   */
  readonly onTap?: (name: string, tensor: Tensor) => void;
  /**
   * Stops between nodes (our sessions) or between runs (onnxruntime, and native programs with taps); the promise rejects
   * with its reason.
   */
  readonly signal?: AbortSignal;
}

/** Shapes of inputs by name. */
export type NamedShapes = Readonly<Record<string, readonly number[]>>;

/** A run over tensors that stay the same: write the elements of the inputs, run, read those of the outputs. */
export interface BoundRun {
  readonly inputs: NamedTensors;
  readonly outputs: NamedTensors;
  /** Allocates nothing where each backend of the session can bind; throws `SESSION_DISPOSED` after dispose. */
  run(): void;
  [Symbol.dispose](): void;
}

/**
 * A model made ready to run, whatever runs it.
 * Integer models take and give tensors of their storage dtype.
 */
export interface Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /**
   * Runs once. Shapes that are new to the session are planned first; plans are kept by shape.
   * @throws SessionError `FEED_MISSING`, `FEED_UNKNOWN`, `FEED_DTYPE`, `FEED_SHAPE` with the input, expected and found;
   *   `SESSION_DISPOSED` after dispose.
   */
  run(feeds: NamedTensors, options?: RunOptions): Promise<NamedTensors>;
  /**
   * The same without waiting; throws SessionError `SESSION_ASYNC` when a backend cannot, `SESSION_UNPLANNED` for shapes
   * that neither {@link prepare}, `run` nor the session's creation planned.
   */
  runSync(feeds: NamedTensors, options?: RunOptions): NamedTensors;
  /**
   * Plans for inputs of these shapes ahead of the first run. Inputs without open dimensions may be left out.
   * @throws SessionError `FEED_MISSING`, `FEED_UNKNOWN`, `FEED_SHAPE` as {@link run}.
   */
  prepare(shapes: NamedShapes): Promise<void>;
  /**
   * Fixes the tensors of later runs: `inputs` are the caller's, read at each run; an output that is not given is
   * allocated now. Throws as {@link run}, and `BIND_OUTPUT` when an output does not fit.
   */
  bind(inputs: NamedTensors, outputs?: NamedTensors): Promise<BoundRun>;
  /** Which backend and kernel runs each node, what became one kernel, and why others declined. */
  explain(): Explanation;
  /** Runs `rounds` times (default 10, after one that is not counted) and times each node. */
  profile(feeds: NamedTensors, options?: ProfileOptions): Promise<SessionProfile>;
  /**
   * Plain data that another thread of the process opens with `openSession`: compiled programs and packed weights are
   * shared, not copied. Throws SessionError `SESSION_NOT_SHAREABLE` when a backend cannot share.
   */
  share(): SessionToken;
  /** Frees what the session holds; safe to call twice. */
  dispose(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}
