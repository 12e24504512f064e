import type { Evaluation } from '../evaluate.js';
import type { PerformanceComparison } from '../performance.js';
import type { WorstSample } from '../worst-samples.js';
import type { StabilityFigures } from './gate.js';
import type { Verdict } from './judge.js';

/** All that a check measured and decided. */
export interface CheckReport extends Verdict {
  readonly model: string;
  readonly against: string;
  readonly suite: string;
  readonly samples: number;
  readonly evaluations: readonly Evaluation[];
  readonly fidelity: readonly Evaluation[];
  readonly performance: PerformanceComparison;
  readonly stability: StabilityFigures;
  /** By the suite's first metric. */
  readonly worst: readonly WorstSample[];
}
