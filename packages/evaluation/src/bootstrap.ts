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
 * out; NaN and NaN when it is defined for none, and for fewer than two groups, whose draws are all the same. Data that come in groups, such as the tokens of sentences, are alike within a
 * group, so that whole groups are drawn (the cluster bootstrap; Davison and Hinkley 1997, section 3.8).
 * @param statistic Takes indices into the data.
 * @param groups Which indices belong together; each alone when absent.
 */
export function bootstrapInterval(
  count: number,
  statistic: (indices: readonly number[]) => number,
  seed = 1,
  groups?: readonly (readonly number[])[],
): Interval {
  const random = xoroshiro128plus(seed);
  const drawn: number[] = [];
  const number = groups?.length ?? count;
  if (number < 2) return { low: Number.NaN, high: Number.NaN };
  const picks = new Array<number>(number).fill(0);
  const draw = (): readonly number[] => {
    for (let i = 0; i < number; i++) picks[i] = uniformInt(random, 0, number - 1);
    return groups ? picks.flatMap((pick) => groups[pick] ?? []) : picks;
  };
  for (let round = 0; round < RESAMPLES; round++) {
    drawn.push(statistic(draw()));
  }
  const values = Float64Array.from(drawn.filter((value) => !Number.isNaN(value))).sort();
  const at = (share: number): number => values[Math.round(share * (values.length - 1))] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}
