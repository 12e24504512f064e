import type { Gate, GateResult, Measurements } from './gate.js';
import { accuracyGates, priceRangeGates } from './gates/accuracy.js';
import { fidelityGates } from './gates/fidelity.js';
import { geographyGates } from './gates/geography.js';
import { performanceGates } from './gates/performance.js';
import { stabilityGates } from './gates/stability.js';
import { timeGates } from './gates/time.js';
import type { Suite } from './schema.js';

const GATES: readonly Gate[] = [
  accuracyGates,
  fidelityGates,
  performanceGates,
  stabilityGates,
  priceRangeGates,
  geographyGates,
  timeGates,
];

/** Whether a model may be released, and why not. */
export interface Verdict {
  readonly verdict: 'ready' | 'not ready';
  /** One sentence for each limit that is broken. */
  readonly reasons: readonly string[];
  readonly gates: readonly GateResult[];
}

/**
 * Judges every limit of a suite.
 * @param more Limits judged elsewhere, such as those of a snapshot.
 */
export function judgeSuite(
  suite: Suite,
  measurements: Measurements,
  more: readonly GateResult[] = [],
): Verdict {
  const gates = [...GATES.flatMap((gate) => gate(suite, measurements)), ...more];
  const reasons = gates
    .filter(({ status }) => status === 'failed')
    .map(({ group, name, because }) => `${group}: ${name}: ${because}.`);
  return { verdict: reasons.length === 0 ? 'ready' : 'not ready', reasons, gates };
}
