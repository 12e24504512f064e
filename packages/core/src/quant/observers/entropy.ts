import type { RealRange } from '../qparams.js';
import type { HistogramState } from './histogram.js';
import { histogramFactory } from './histogram-observer.js';
import type { ObserverOptions } from './observer.js';
import { type ClipBins, clipToData, searchLimit } from './range-search.js';

/**
 * A clip range of a few bins holds little but outliers, moved to its edges alike in both distributions: its divergence
 * says nothing. Neither does one of fewer bins than there are levels, where quantization is not seen at all.
 */
const FEWEST_BINS = 256;

/**
 * The range whose quantized distribution diverges least (Kullback-Leibler) from the clipped one: the threshold search
 * of S. Migacz, "8-bit Inference with TensorRT" (GTC 2017) for the limit of the magnitudes on both sides. Exact zeros
 * are left out: they quantize exactly in any range, and after a ReLU they would outweigh everything else.
 */
export function entropyRange(histogram: HistogramState, options: ObserverOptions): RealRange {
  const { bits = 8, symmetric = false } = options;
  const levels = symmetric ? 2 ** bits - 1 : 2 ** bits;
  const total = histogram.counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return { min: 0, max: 0 };
  const fewest = Math.min(Math.max(levels, FEWEST_BINS), histogram.counts.length);
  const clip = searchLimit(histogram, symmetric, (each) =>
    each.below + each.above < fewest ? Number.POSITIVE_INFINITY : divergence(histogram, each, levels, total),
  );
  return clipToData(histogram, clip, symmetric);
}

/**
 * KL(P || Q): P has the clipped values in its outermost bins; Q has only the values inside, summed over each of
 * `levels` equal stretches and spread evenly over those bins of the stretch where P is not empty.
 */
export function divergence(histogram: HistogramState, clip: ClipBins, levels: number, total: number): number {
  const { counts, low } = histogram;
  const bins = clip.below + clip.above;
  const inside = clipped(counts, low, clip);
  const kept = inside.reduce((sum, count) => sum + count, 0);
  if (kept === 0) return Number.POSITIVE_INFINITY;
  const reference = withOutliers(inside, counts, low, clip);
  // What Q cannot express at all is charged as if half a value had been seen there.
  const floor = 0.5 / total;
  let sum = 0;
  for (let start = 0; start < bins; ) {
    const level = Math.floor((start * levels) / bins);
    const end = Math.min(bins, Math.max(start + 1, Math.ceil(((level + 1) * bins) / levels)));
    let mass = 0;
    let occupied = 0;
    for (let i = start; i < end; i++) {
      mass += inside[i] ?? 0;
      if ((reference[i] ?? 0) > 0) occupied++;
    }
    const q = Math.max(mass / occupied / kept, floor);
    for (let i = start; i < end; i++) {
      const p = (reference[i] ?? 0) / total;
      if (p > 0) sum += p * Math.log(p / q);
    }
    start = end;
  }
  return sum;
}

/** The counts of the bins from `-below` to `above`; 0 where the histogram has none. */
function clipped(counts: Float64Array, low: number, clip: ClipBins): Float64Array {
  const inside = new Float64Array(clip.below + clip.above);
  for (let i = 0; i < inside.length; i++) inside[i] = counts[i - clip.below - low] ?? 0;
  return inside;
}

function withOutliers(inside: Float64Array, counts: Float64Array, low: number, clip: ClipBins): Float64Array {
  const reference = inside.slice();
  const last = reference.length - 1;
  for (let i = 0; i < counts.length; i++) {
    const bin = i + low;
    if (bin < -clip.below) reference[0] = (reference[0] ?? 0) + (counts[i] ?? 0);
    else if (bin >= clip.above) reference[last] = (reference[last] ?? 0) + (counts[i] ?? 0);
  }
  return reference;
}

export const entropy = histogramFactory(
  'entropy',
  'Least Kullback-Leibler divergence between clipped and quantized values.',
  entropyRange,
);
