import type { NumberArray } from '../../tensor/index.js';
import type { RealRange } from '../qparams.js';
import { type Float32Scan, float32Scan } from './float32-scan.js';
import { finiteRange } from './observer.js';

/** Most bins a histogram has: 16 for each integer of an 8-bit type. */
export const MOST_BINS = 4096;

/** Bins are at least 2^-200 wide: below the smallest binary32 number, far from a double's limits. */
export const SMALLEST_EXPONENT = -200;

/** Elements from which counting in an array of their own is worth adding it up. */
const LONG = MOST_BINS;

/** The plain content of a {@link Histogram}. */
export interface HistogramState {
  /** Bins are `2^exponent` wide. */
  readonly exponent: number;
  /** Index of the first bin, <= 0. Bin i holds the values in `[i, i + 1) * 2^exponent` except 0. */
  readonly low: number;
  readonly counts: Float64Array;
  /** Number of exact zeros: they quantize exactly and are kept apart. */
  readonly zeros: number;
  /** Smallest and largest value; Infinity and -Infinity before the first. */
  readonly min: number;
  readonly max: number;
}

/**
 * A signed histogram whose bins have a power-of-two width and are aligned at 0. The width is the smallest that covers
 * all values seen and 0 with at most {@link MOST_BINS} bins; when the range grows, bins merge in pairs. Both are exact,
 * so the content depends only on the values, never on batches, order or merging.
 */
export class Histogram {
  #exponent: number;
  #low: number;
  #counts: Float64Array;
  #zeros: number;
  #min: number;
  #max: number;

  constructor(state?: HistogramState) {
    this.#exponent = state?.exponent ?? SMALLEST_EXPONENT;
    this.#low = state?.low ?? 0;
    this.#counts = state?.counts.slice() ?? new Float64Array(1);
    this.#zeros = state?.zeros ?? 0;
    this.#min = state?.min ?? Number.POSITIVE_INFINITY;
    this.#max = state?.max ?? Number.NEGATIVE_INFINITY;
  }

  /** The content; `counts` is the histogram's own array. */
  get state(): HistogramState {
    return {
      exponent: this.#exponent,
      low: this.#low,
      counts: this.#counts,
      zeros: this.#zeros,
      min: this.#min,
      max: this.#max,
    };
  }

  /** Throws `QUANT_NOT_FINITE` at NaN or infinity, before anything is counted. */
  add(values: NumberArray, scan: Float32Scan = float32Scan): void {
    if (values.length === 0) return;
    this.#cover(finiteRange(values, scan));
    if (values instanceof Float32Array && values.length >= LONG) this.#addMany(values, scan);
    else this.#addFew(values);
  }

  #addMany(values: Float32Array, scan: Float32Scan): void {
    const counts = this.#counts;
    const bins = { exponent: this.#exponent, low: this.#low, size: counts.length };
    const more = scan.count(values, bins);
    for (let bin = 0; bin < counts.length; bin++) counts[bin] = (counts[bin] ?? 0) + (more.counts[bin] ?? 0);
    this.#zeros += more.zeros;
  }

  #addFew(values: NumberArray): void {
    const [counts, low] = [this.#counts, this.#low];
    const perWidth = 2 ** -this.#exponent;
    let zeros = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      if (value === 0) zeros++;
      else {
        const bin = Math.floor(value * perWidth) - low;
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
    }
    this.#zeros += zeros;
  }

  merge(other: Histogram): void {
    if (other.#min > other.#max) return;
    this.#cover({ min: other.#min, max: other.#max });
    addBins(this.#counts, this.#low, other.#counts, other.#low, this.#exponent - other.#exponent);
    this.#zeros += other.#zeros;
  }

  /** Widens the range, and the bins where needed, to cover more values. */
  #cover(range: RealRange): void {
    this.#min = Math.min(this.#min, range.min);
    this.#max = Math.max(this.#max, range.max);
    const { exponent, low, high } = binsOf(this.#min, this.#max);
    if (exponent === this.#exponent && low === this.#low && high - low + 1 === this.#counts.length) return;
    const counts = new Float64Array(high - low + 1);
    addBins(counts, low, this.#counts, this.#low, exponent - this.#exponent);
    this.#counts = counts;
    this.#exponent = exponent;
    this.#low = low;
  }
}

/** The finest bins that cover `min`, `max` and 0. */
export function binsOf(min: number, max: number): { exponent: number; low: number; high: number } {
  const least = Math.min(min, 0);
  const most = Math.max(max, 0);
  const guess = Math.floor(Math.log2(most / MOST_BINS - least / MOST_BINS)) - 1;
  for (let exponent = Math.max(guess, SMALLEST_EXPONENT); ; exponent++) {
    const perWidth = 2 ** -exponent;
    const low = Math.floor(least * perWidth);
    const high = Math.floor(most * perWidth);
    if (high - low < MOST_BINS) return { exponent, low, high };
  }
}

/** Adds bins that are `2^doublings` times finer into coarser ones. */
function addBins(
  into: Float64Array,
  intoLow: number,
  from: Float64Array,
  fromLow: number,
  doublings: number,
): void {
  const merged = 2 ** doublings;
  for (let i = 0; i < from.length; i++) {
    const count = from[i] ?? 0;
    if (count === 0) continue;
    const bin = Math.floor((i + fromLow) / merged) - intoLow;
    into[bin] = (into[bin] ?? 0) + count;
  }
}
