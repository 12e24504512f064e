import type { TrialFigures } from './trials.js';

/** The least share of the original's metric that a model must keep: 0.99 is a drop of at most 1%. */
export interface QualityLimit {
  readonly minRetention: number;
}

/** Why a model misses a limit, or undefined when it does not. */
export function missesLimit(
  { retention, quality }: Pick<TrialFigures, 'retention' | 'quality'>,
  { minRetention }: QualityLimit,
): string | undefined {
  const nan = quality.nanOutputs ? `; ${quality.nanOutputs} outputs hold NaN` : '';
  if (retention >= minRetention) return undefined;
  if (Number.isNaN(retention)) return `its retention is not defined${nan}`;
  return `it keeps ${percent(retention)} of the metric, less than ${percent(minRetention)}${nan}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
