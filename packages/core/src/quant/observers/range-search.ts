import type { RealRange } from '../qparams.js';
import type { HistogramState } from './histogram.js';

/** A clip range in whole bins: the bins from `-below` up to, not including, `above` stay inside. */
export interface ClipBins {
  readonly below: number;
  readonly above: number;
}

/** What a clip costs; where that reaches `enough`, any number that does. */
export type ClipCost = (clip: ClipBins, enough: number) => number;

const STEPS = 64;

/** Limits both ends to the same magnitude: the one of least cost, the widest among equal costs. */
export function searchLimit(histogram: HistogramState, symmetric: boolean, cost: ClipCost): ClipBins {
  const below = -histogram.low;
  const above = histogram.counts.length - below;
  const both = (n: number) =>
    symmetric ? { below: n, above: n } : { below: Math.min(n, below), above: Math.min(n, above) };
  return both(cheapest(candidates(Math.max(below, above)), (n, enough) => cost(both(n), enough)));
}

/**
 * Limits each end by itself: starts from {@link searchLimit} and moves one end after the other to its least cost until
 * neither moves (at most 4 rounds).
 */
export function searchBothEnds(histogram: HistogramState, cost: ClipCost): ClipBins {
  let clip = searchLimit(histogram, false, cost);
  const below = candidates(-histogram.low);
  const above = candidates(histogram.counts.length + histogram.low);
  for (let round = 0; round < 4; round++) {
    const { below: before } = clip;
    const newAbove = cheapest(above, (n, enough) => cost({ below: before, above: n }, enough));
    const newBelow = cheapest(below, (n, enough) => cost({ below: n, above: newAbove }, enough));
    if (newBelow === clip.below && newAbove === clip.above) break;
    clip = { below: newBelow, above: newAbove };
  }
  return clip;
}

/** From all bins down to a 64th in equal steps, then halving: extreme outliers leave little worth keeping. */
function candidates(bins: number): number[] {
  const found = new Set<number>();
  for (let step = STEPS; step > 0; step--) found.add(Math.ceil((bins * step) / STEPS));
  for (let few = Math.floor(bins / STEPS / 2); few > 0; few = Math.floor(few / 2)) found.add(few);
  return [...found];
}

function cheapest(options: readonly number[], cost: (option: number, enough: number) => number): number {
  let best = options[0] ?? 0;
  let least = Number.POSITIVE_INFINITY;
  for (const option of options) {
    const own = cost(option, least);
    if (own < least) {
      least = own;
      best = option;
    }
  }
  return best;
}

/** The real range of whole bins, no wider than the values seen and 0. */
export function clipToData(histogram: HistogramState, clip: ClipBins, symmetric: boolean): RealRange {
  const width = 2 ** histogram.exponent;
  const min = Math.min(histogram.min, 0);
  const max = Math.max(histogram.max, 0);
  if (symmetric) {
    const limit = Math.min(clip.above * width, Math.max(-min, max));
    return { min: -limit, max: limit };
  }
  return { min: Math.max(-clip.below * width, min), max: Math.min(clip.above * width, max) };
}
