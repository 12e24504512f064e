import type { Value } from '@octavo/core/ir';

/** A value with a label for each of its axes. */
export interface Term {
  readonly value: Value;
  readonly labels: readonly string[];
}
