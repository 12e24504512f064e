import type { LayerComparison } from '../compare-layers.js';
import type { Evaluation } from '../evaluate.js';
import type { Scored } from '../metrics/index.js';
import type { PerformanceComparison } from '../performance.js';
import type {
  ActivationFigures,
  Deviation,
  EdgeCaseResult,
  OutOfRangeSample,
  WeightFigures,
} from '../stability/index.js';
import type { Suite } from './schema.js';

/** How the numbers inside a model behave. */
export interface StabilityFigures {
  readonly activations: readonly ActivationFigures[];
  readonly weights: readonly WeightFigures[];
  readonly layers: readonly LayerComparison[];
  readonly deviations: readonly Deviation[];
  readonly edgeCases: readonly EdgeCaseResult[];
  readonly outOfRange: readonly OutOfRangeSample[];
}

/** All that a suite is judged by. */
export interface Measurements {
  /** One for each metric against labels, over every segmentation that the suite names. */
  readonly evaluations: readonly Evaluation[];
  /** The same against the original's outputs. */
  readonly fidelity: readonly Evaluation[];
  /** Samples as scored by the suite's first metric. */
  readonly scored: readonly Scored[];
  readonly original: readonly Scored[];
  readonly performance: PerformanceComparison;
  readonly stability: StabilityFigures;
}

/** One limit of a suite, judged. */
export interface GateResult {
  readonly group: 'accuracy' | 'fidelity' | 'performance' | 'stability' | 'domain' | 'snapshot';
  /** What was judged, e.g. `mape retention, region: north`. */
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly measured: number;
  readonly limit: number;
  /** In one sentence, with figures. */
  readonly because: string;
}

/** Judges one part of a suite; parts that the suite lacks give nothing. */
export type Gate = (suite: Suite, measurements: Measurements) => readonly GateResult[];

/** Segments with fewer samples are not judged. */
export const DEFAULT_MIN_SAMPLES = 30;

/** A figure against a limit; NaN passes none. */
export function limited(
  group: GateResult['group'],
  name: string,
  side: 'at least' | 'at most',
  measured: number,
  limit: number,
  show: (value: number) => string,
): GateResult {
  const holds = side === 'at least' ? measured >= limit : measured <= limit;
  const because = `${show(measured)}, ${side} ${show(limit)} allowed`;
  return { group, name, status: holds ? 'passed' : 'failed', measured, limit, because };
}

/** A segment too small to be judged. */
export function tooSmall(group: GateResult['group'], name: string, count: number, least: number): GateResult {
  const because = `${count} samples, ${least} are needed to judge`;
  return { group, name, status: 'skipped', measured: count, limit: least, because };
}
