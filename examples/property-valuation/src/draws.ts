import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Random draws of one seeded stream: the same seed gives the same numbers on every platform. */
export interface Draws {
  /** A number in [low, high). */
  uniform(low: number, high: number): number;
  /** A number of the normal distribution. */
  normal(mean: number, deviation: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** A whole number in [low, high], both ends included. */
  integer(low: number, high: number): number;
  /** An index of `weights`, drawn in proportion to the weights. Weights are >= 0, at least one is > 0. */
  index(weights: readonly number[]): number;
}

/** Opens the stream of `seed` (a 32-bit integer). */
export function createDraws(seed: number): Draws {
  const generator = xoroshiro128plus(seed);
  const unit = (): number => uniformFloat64(generator);
  return {
    uniform: (low, high) => low + (high - low) * unit(),
    normal: (mean, deviation) => mean + deviation * standardNormal(unit),
    chance: (probability) => unit() < probability,
    integer: (low, high) => low + Math.floor((high - low + 1) * unit()),
    index: (weights) => weightedIndex(weights, unit()),
  };
}

/** Marsaglia's polar method; the second number of each pair is dropped so that a draw keeps no state. */
function standardNormal(unit: () => number): number {
  for (;;) {
    const x = 2 * unit() - 1;
    const y = 2 * unit() - 1;
    const square = x * x + y * y;
    if (square > 0 && square < 1) {
      return x * Math.sqrt((-2 * Math.log(square)) / square);
    }
  }
}

function weightedIndex(weights: readonly number[], unit: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = unit * total;
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) {
      return index;
    }
  }
  return weights.length - 1;
}
