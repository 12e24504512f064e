import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A 95% interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Which data belong together: lists of their indices. */
export type Groups = readonly (readonly number[])[];

const RESAMPLES = 1000;

/**
 * Percentile bootstrap (Efron and Tibshirani 1993, chapter 13): the statistic over `RESAMPLES` samples drawn with
 * replacement, seeded; the interval holds the middle 95%. Draws for which the statistic is not defined (NaN) are left
 * out; NaN and NaN when it is defined for none, and for fewer than two groups, whose draws are all the same. Data that come in groups, such as the tokens of sentences, are alike within a
 * group, so that whole groups are drawn (the cluster bootstrap; Davison and Hinkley 1997, section 3.8).
 * @param statistic Takes indices into the data, which are others after it returns.
 * @param groups Each alone when absent.
 */
export function bootstrapInterval(
  count: number,
  statistic: (indices: Uint32Array) => number,
  seed = 1,
  groups?: Groups,
): Interval {
  const values: number[] = [];
  resample(count, (indices) => values.push(statistic(indices)), seed, groups);
  return middleOf(values);
}

/** Visits the draws of {@link bootstrapInterval}, none for fewer than two groups: for several statistics of each. */
export function resample(
  count: number,
  visit: (indices: Uint32Array) => void,
  seed = 1,
  groups?: Groups,
): void {
  const number = groups?.length ?? count;
  if (number < 2) return;
  const random = xoroshiro128plus(seed);
  const picks = new Uint32Array(number);
  const indices = groups ? joiner(groups) : (drawn: Uint32Array) => drawn;
  for (let round = 0; round < RESAMPLES; round++) {
    for (let i = 0; i < number; i++) picks[i] = uniformInt(random, 0, number - 1);
    visit(indices(picks));
  }
}

/** The interval that the middle 95% of a statistic's values span. */
export function middleOf(values: readonly number[]): Interval {
  const sorted = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}

/** Joins the indices of picked groups, in one array as long as it suffices, because it is called a thousand times. */
function joiner(groups: Groups): (picks: Uint32Array) => Uint32Array {
  const members = groups.map((group) => Uint32Array.from(group));
  let room = new Uint32Array(0);
  return (picks) => {
    let length = 0;
    for (const pick of picks) length += members[pick]?.length ?? 0;
    if (length > room.length) room = new Uint32Array(2 * length);
    let at = 0;
    for (const pick of picks) {
      const group = members[pick];
      if (!group) continue;
      room.set(group, at);
      at += group.length;
    }
    return room.subarray(0, length);
  };
}
