import type { ExecutableToken } from '@octavo/backend';
import type { DType, Shape } from '@octavo/core/tensor';
import type { NodeExplanation } from './explain.js';
import type { Port } from './session.js';

/** One stage of a session: the executable that computes it, and where its operands and results lie. */
export interface StageToken {
  readonly backend: string;
  readonly executable: ExecutableToken;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** How many of the token's `nodes` are its own. */
  readonly nodes: number;
}

/** A tensor as plain data. */
export interface TensorToken {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
}

/** What an input is where a run is not fed it. */
export interface DefaultToken extends TensorToken {
  readonly input: string;
}

/** A constant that is an output. */
export interface ConstantToken extends TensorToken {
  readonly slot: number;
}

/**
 * A session as plain data that `postMessage` can carry to another thread of the same process. Values that cross
 * stages are numbered.
 */
export interface SessionToken {
  readonly inputs: readonly (Port & { readonly slot: number })[];
  readonly outputs: readonly (Port & { readonly slot: number })[];
  readonly defaults: readonly DefaultToken[];
  readonly constants: readonly ConstantToken[];
  /** Names of the values that `RunOptions.onTap` is told. */
  readonly taps: readonly string[];
  readonly stages: readonly StageToken[];
  readonly nodes: readonly NodeExplanation[];
}
