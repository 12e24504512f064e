import type { TensorType } from '@octavo/core/ir';
import type { DType, Tensor } from '@octavo/core/tensor';
import type { Explanation } from './explain.js';

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** An input or output of a session. Symbolic dimensions keep their names; null is unknown. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: TensorType['shape'];
}

export interface RunOptions {
  /** Called with every tapped value as it is computed; only names given as `taps` at creation are reported. */
  readonly onTap?: (name: string, tensor: Tensor) => void;
  /** Stops between nodes (our sessions) or between runs (onnxruntime); the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * A model made ready to run, whatever runs it.
 * Integer models take and give tensors of their storage dtype.
 */
export interface Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /**
   * Runs once.
   * @throws SessionError `FEED_MISSING`, `FEED_UNKNOWN`, `FEED_DTYPE`, `FEED_SHAPE` with the input, expected and found;
   *   `SESSION_DISPOSED` after dispose.
   */
  run(feeds: NamedTensors, options?: RunOptions): Promise<NamedTensors>;
  /** The same without waiting; throws SessionError `SESSION_ASYNC` when a backend cannot. */
  runSync(feeds: NamedTensors, options?: RunOptions): NamedTensors;
  /** Which backend and kernel runs each node, and why others declined. */
  explain(): Explanation;
  /** Frees what the session holds; safe to call twice. */
  dispose(): void;
  [Symbol.dispose](): void;
}
