import type { Summary } from '@octavo/evaluation';
import type { QualityLimit } from './limit.js';
import { slowerThanOriginal } from './slower-than-original.js';
import type { TrialFigures } from './trials.js';
import { undecided } from './undecided.js';

/** What the user must know of a model that is chosen: that it is slower than the original on a target, or may miss the limit. */
export function choiceWarnings(
  figures: Pick<TrialFigures, 'latency' | 'quality'>,
  { minRetention }: Partial<QualityLimit>,
  metric: Summary,
): string[] {
  const doubt = minRetention === undefined ? undefined : undecided(figures.quality, { minRetention }, metric);
  return [
    ...slowerThanOriginal(figures),
    ...(doubt === undefined ? [] : [`whether the model keeps to the limit is not certain: ${doubt}.`]),
  ];
}
