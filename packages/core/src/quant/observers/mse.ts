import type { RealRange } from '../qparams.js';
import { roundHalfEven, roundSmall } from '../rounding.js';
import type { HistogramState } from './histogram.js';
import { histogramFactory } from './histogram-observer.js';
import type { ObserverOptions } from './observer.js';
import { type ClipBins, type ClipCost, clipToData, searchBothEnds, searchLimit } from './range-search.js';

/**
 * The range that gives the least expected squared error after quantization, rounding and saturation together.
 * Values are taken as uniform inside a bin; exact zeros cost nothing in any range.
 */
export function mseRange(histogram: HistogramState, options: ObserverOptions): RealRange {
  const { bits = 8, symmetric = false } = options;
  const steps = symmetric ? 2 ** bits - 2 : 2 ** bits - 1;
  const cost: ClipCost = (clip, enough) => expectedSquaredError(histogram, clip, steps, enough);
  const clip = symmetric ? searchLimit(histogram, true, cost) : searchBothEnds(histogram, cost);
  return clipToData(histogram, clip, symmetric);
}

/**
 * Sum over the bins of count times expected squared error, in units of the squared bin width.
 * @param steps Distance between the largest and smallest integer used.
 * @param enough Where the sum reaches this, it may end there.
 */
export function expectedSquaredError(
  histogram: HistogramState,
  clip: ClipBins,
  steps: number,
  enough = Number.POSITIVE_INFINITY,
): number {
  const { counts, low } = histogram;
  const scale = (clip.below + clip.above) / steps;
  const least = -roundHalfEven(clip.below / scale);
  const most = least + steps;
  // The variance of a uniform bin; where a bin is wider than a step, the rounding error is uniform over the step.
  const spread = 1 / 12;
  const rounding = scale < 1 ? (scale * scale) / 12 : undefined;
  let error = 0;
  for (let i = 0; i < counts.length && error < enough; i++) {
    const count = counts[i] ?? 0;
    if (count === 0) continue;
    const center = i + low + 0.5;
    const q = roundSmall(center / scale);
    if (rounding !== undefined && q >= least && q <= most) {
      error += count * rounding;
      continue;
    }
    const difference = center - (q < least ? least : q > most ? most : q) * scale;
    error += count * (difference * difference + spread);
  }
  return error;
}

export const mse = histogramFactory(
  'mse',
  'Least expected squared error: weighs rounding against saturation.',
  mseRange,
);
