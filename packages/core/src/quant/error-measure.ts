import type { NumberArray } from '../tensor/index.js';
import { QuantizationError } from '../tensor/index.js';

/** How far approximate values are from their reference. */
export interface ErrorFigures {
  /** Compared pairs, those with NaN or infinity left out. */
  readonly count: number;
  /** Pairs left out because a side was NaN or infinite. */
  readonly nonFinite: number;
  /** Signal to quantization noise, `10 log10(sum x^2 / sum (x - y)^2)` in dB; Infinity when equal, NaN without pairs. */
  readonly sqnr: number;
  /** Cosine similarity; 1 when both sides are all zeros, 0 when only one is, NaN without pairs. */
  readonly cosine: number;
  readonly maxAbs: number;
  /** Mean squared error. */
  readonly mse: number;
  /** Mean absolute error. */
  readonly meanAbs: number;
}

/** Accumulates error figures over any number of array pairs, in float64. */
export class ErrorMeasure {
  #count = 0;
  #nonFinite = 0;
  #signal = 0;
  #other = 0;
  #product = 0;
  #noise = 0;
  #absolute = 0;
  #maxAbs = 0;

  /**
   * Adds equally long arrays.
   * @throws QuantizationError `QUANT_LENGTH` when the lengths differ.
   */
  add(reference: NumberArray, actual: NumberArray): this {
    if (reference.length !== actual.length) {
      throw new QuantizationError({
        code: 'QUANT_LENGTH',
        message: `comparing ${reference.length} with ${actual.length} elements.`,
      });
    }
    let [count, signal, other, product, noise, absolute] = [0, 0, 0, 0, 0, 0];
    let maxAbs = this.#maxAbs;
    for (let i = 0; i < reference.length; i++) {
      const x = reference[i] ?? 0;
      const y = actual[i] ?? 0;
      const difference = Math.abs(x - y);
      if (!(difference < Number.POSITIVE_INFINITY)) continue;
      count++;
      signal += x * x;
      other += y * y;
      product += x * y;
      noise += difference * difference;
      absolute += difference;
      if (difference > maxAbs) maxAbs = difference;
    }
    this.#nonFinite += reference.length - count;
    this.#count += count;
    this.#signal += signal;
    this.#other += other;
    this.#product += product;
    this.#noise += noise;
    this.#absolute += absolute;
    this.#maxAbs = maxAbs;
    return this;
  }

  read(): ErrorFigures {
    const count = this.#count;
    return {
      count,
      nonFinite: this.#nonFinite,
      sqnr: count === 0 ? Number.NaN : decibels(this.#signal, this.#noise),
      cosine: this.#cosine(),
      maxAbs: this.#maxAbs,
      mse: this.#noise / count,
      meanAbs: this.#absolute / count,
    };
  }

  /** Equal sides give 1 without the rounding of two square roots. */
  #cosine(): number {
    if (this.#count === 0) return Number.NaN;
    if (this.#noise === 0) return 1;
    return cosineOf(this.#signal, this.#other, this.#product);
  }
}

/** Error figures of one pair of arrays. */
export function measureError(reference: NumberArray, actual: NumberArray): ErrorFigures {
  return new ErrorMeasure().add(reference, actual).read();
}

function decibels(signal: number, noise: number): number {
  return noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
}

function cosineOf(a: number, b: number, product: number): number {
  if (a === 0 || b === 0) return 0;
  return Math.min(1, Math.max(-1, product / (Math.sqrt(a) * Math.sqrt(b))));
}
