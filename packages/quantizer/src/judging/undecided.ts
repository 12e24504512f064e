import { allowedDrop, type Figure, figureText, percent, type Summary } from '@octavo/evaluation';
import type { QualityLimit } from './limit.js';

/** Of the exact interval of a share, what lies beyond its upper end. */
const TAIL = 0.025;

/**
 * Why the validation samples are too few to say whether a model keeps to a limit: the 95% interval of its drop reaches from
 * within the limit to beyond it. Undefined when they do say.
 */
export function undecided(
  { count, original }: Figure,
  { minRetention }: QualityLimit,
  metric: Summary,
): string | undefined {
  if (!original || Number.isNaN(original.retention)) return undefined;
  const { low, high } = original.interval;
  if (Number.isNaN(low)) return `too few samples (${count}) for an interval of the drop`;
  const allowed = allowedDrop(minRetention, original, metric);
  if (low === 0 && high === 0) return neverDiffering(count, allowed, metric);
  if (low > allowed || high <= allowed) return undefined;
  const show = (drop: number): string =>
    metric.higherIsBetter ? figureText(drop, metric.unit) : percent(drop);
  return `too few samples (${count}): the 95% interval of the drop, ${show(low)} to ${show(high)}, holds the limit of ${show(allowed)}`;
}

/**
 * Drawn anew, samples that the models score alike never differ, which says nothing of other samples: of hits and misses up
 * to `1 - TAIL^(1 / count)` may (Clopper and Pearson 1934). Other scores are alike only where the outputs are.
 */
function neverDiffering(
  count: number,
  allowed: number,
  { unit, higherIsBetter }: Summary,
): string | undefined {
  if (unit !== '%' || !higherIsBetter || allowed <= 0) return undefined;
  const most = 1 - TAIL ** (1 / count);
  if (most <= allowed) return undefined;
  const enough = Math.ceil(Math.log(TAIL) / Math.log1p(-allowed));
  return `too few samples (${count}): none tells the models apart, and up to ${percent(most)} of others may; ${enough} would decide on a drop of ${percent(allowed)}`;
}
