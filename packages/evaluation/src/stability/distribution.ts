import { Histogram } from '@octavo/core/quant';
import type { NumberArray } from '@octavo/core/tensor';

/** Counts over bins of equal width; `edges` has one entry more than `counts`. */
export interface Bins {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** What a run of numbers looks like. */
export interface Distribution {
  readonly elements: number;
  /** NaN and infinities, left out of everything else. */
  readonly nonFinite: number;
  readonly min: number;
  readonly max: number;
  readonly bins: Bins;
}

/** Most bins that are kept for people to look at. */
const SHOWN_BINS = 64;

/** Collects the distribution of any number of arrays in bounded memory. */
export class DistributionMeasure {
  readonly #histogram = new Histogram();
  #elements = 0;
  #nonFinite = 0;

  add(values: NumberArray): void {
    this.#elements += values.length;
    if (values.every((value) => Number.isFinite(value))) {
      this.#histogram.add(values);
      return;
    }
    const finite = Float64Array.from(values).filter((value) => Number.isFinite(value));
    this.#nonFinite += values.length - finite.length;
    this.#histogram.add(finite);
  }

  read(): Distribution {
    const { min, max } = this.#histogram.state;
    return { elements: this.#elements, nonFinite: this.#nonFinite, min, max, bins: this.#bins() };
  }

  /** At most {@link SHOWN_BINS} bins, whose width is a power of two; zeros go to the bin that starts at 0. */
  #bins(): Bins {
    const { exponent, low, counts, zeros, min, max } = this.#histogram.state;
    if (min > max) return { edges: [], counts: [] };
    const lowest = zeros > 0 ? Math.min(low, 0) : low;
    const last = low + counts.length - 1;
    const highest = zeros > 0 ? Math.max(last, 0) : last;
    const merged = 2 ** Math.max(0, Math.ceil(Math.log2((highest - lowest + 1) / (SHOWN_BINS - 1))));
    const first = Math.floor(lowest / merged);
    const length = Math.floor(highest / merged) - first + 1;
    const out = new Array<number>(length).fill(0);
    const put = (bin: number, count: number): void => {
      const place = Math.floor(bin / merged) - first;
      out[place] = (out[place] ?? 0) + count;
    };
    counts.forEach((count, i) => {
      put(low + i, count);
    });
    if (zeros > 0) put(0, zeros);
    const width = merged * 2 ** exponent;
    return { edges: Array.from({ length: length + 1 }, (_, i) => (first + i) * width), counts: out };
  }
}
