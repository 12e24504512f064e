import type { Model } from '@octavo/core/ir';
import type { Session } from '@octavo/runtime';

/** A runtime that a quantized model is meant for. */
export interface Target {
  readonly name: string;
  /** Opens a session as an application would. */
  open(model: Model): Promise<Session>;
}
