import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A 95% interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 1000;

/**
 * Percentile bootstrap (Efron and Tibshirani 1993, chapter 13): the statistic over `RESAMPLES` samples drawn with
 * replacement, seeded; the interval holds the middle 95%. Draws for which the statistic is not defined (NaN) are left
 * out; NaN and NaN when it is defined for none.
 * @param statistic Takes indices into the data.
 */
export function bootstrapInterval(
  count: number,
  statistic: (indices: readonly number[]) => number,
  seed = 1,
): Interval {
  const random = xoroshiro128plus(seed);
  const indices = new Array<number>(count).fill(0);
  const drawn: number[] = [];
  for (let round = 0; round < RESAMPLES; round++) {
    for (let i = 0; i < count; i++) indices[i] = uniformInt(random, 0, count - 1);
    drawn.push(statistic(indices));
  }
  const values = Float64Array.from(drawn.filter((value) => !Number.isNaN(value))).sort();
  const at = (share: number): number => values[Math.round(share * (values.length - 1))] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}
