import { QuantizationError } from '../../tensor/index.js';
import type { RealRange } from '../qparams.js';
import type { HistogramState } from './histogram.js';
import { histogramFactory } from './histogram-observer.js';
import type { ObserverOptions } from './observer.js';

const DEFAULT_PERCENTILE = 99.99;

/**
 * The narrowest range, in whole bins, that keeps `percentile` percent of the values: each end gives up at most half of
 * the rest. A symmetric range keeps that percentage of the magnitudes.
 * @throws QuantizationError `QUANT_PERCENTILE` unless 50 < percentile <= 100.
 */
export function percentileRange(histogram: HistogramState, options: ObserverOptions): RealRange {
  const { percentile = DEFAULT_PERCENTILE, symmetric = false } = options;
  if (!(percentile > 50 && percentile <= 100)) {
    throw new QuantizationError({
      code: 'QUANT_PERCENTILE',
      message: `percentile ${percentile}; it is above 50 and at most 100.`,
    });
  }
  const { counts, low, exponent, zeros, min, max } = histogram;
  const total = counts.reduce((sum, count) => sum + count, zeros);
  const width = 2 ** exponent;
  if (symmetric) {
    const magnitudes = foldAtZero(counts, low);
    const kept = keptBins(magnitudes, (total * (100 - percentile)) / 100);
    const limit = Math.min(kept * width, Math.max(-min, max));
    return { min: -limit, max: limit };
  }
  const dropped = (total * (100 - percentile)) / 200;
  const above = keptBins(counts.subarray(-low), dropped);
  const below = keptBins(counts.slice(0, -low).reverse(), dropped);
  return { min: Math.max(-below * width, Math.min(min, 0)), max: Math.min(above * width, Math.max(max, 0)) };
}

/** Bins of magnitudes: index i holds the counts of bins i and -1 - i. */
export function foldAtZero(counts: Float64Array, low: number): Float64Array {
  const folded = new Float64Array(Math.max(counts.length + low, -low));
  counts.forEach((count, i) => {
    const bin = i + low;
    const magnitude = bin < 0 ? -1 - bin : bin;
    folded[magnitude] = (folded[magnitude] ?? 0) + count;
  });
  return folded;
}

/** How many bins remain when bins are taken off the far end while at most `dropped` values go with them. */
function keptBins(counts: Float64Array, dropped: number): number {
  let gone = 0;
  let kept = counts.length;
  for (; kept > 0; kept--) {
    gone += counts[kept - 1] ?? 0;
    if (gone > dropped) break;
  }
  return kept;
}

export const percentile = histogramFactory(
  'percentile',
  `Keeps a percentage of the values (default ${DEFAULT_PERCENTILE}): rare outliers saturate.`,
  percentileRange,
);
