import { toNumbers } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import type { ActivationRange } from './activations.js';

/** A sample whose inputs leave the range that calibration chose. */
export interface OutOfRangeSample {
  readonly id: string;
  readonly input: string;
  /** The element that is farthest out, and its position in the input. */
  readonly value: number;
  readonly position: number;
  /** How far out, in widths of the range; infinite for NaN and infinities. */
  readonly excess: number;
}

/**
 * Keeps the samples that leave the ranges of the model's inputs farthest, at most `count`; values up to half a step beyond
 * an end still round into the range.
 */
export class OutOfRangeSamples {
  readonly #ranges: readonly ActivationRange[];
  readonly #count: number;
  #worst: OutOfRangeSample[] = [];
  #seen = 0;

  /** @param ranges Those of values that are no inputs are not asked for. */
  constructor(ranges: readonly ActivationRange[], count = 10) {
    this.#ranges = ranges;
    this.#count = count;
  }

  add({ id, feeds }: Sample): void {
    for (const { value: input, range, scale } of this.#ranges) {
      const tensor = Object.hasOwn(feeds, input) ? feeds[input] : undefined;
      if (!tensor) continue;
      const found = farthest(toNumbers(tensor), range.min, range.max);
      if (!(found.excess * (range.max - range.min) > scale / 2)) continue;
      this.#seen++;
      this.#worst.push({ id, input, ...found });
    }
    if (this.#worst.length > 4 * this.#count) this.#worst = this.list();
  }

  /** How many inputs of samples left their range. */
  get count(): number {
    return this.#seen;
  }

  /** Farthest first. */
  list(): OutOfRangeSample[] {
    return [...this.#worst]
      .sort((a, b) => (a.excess === b.excess ? 0 : b.excess - a.excess))
      .slice(0, this.#count);
  }
}

function farthest(
  values: ReturnType<typeof toNumbers>,
  min: number,
  max: number,
): Pick<OutOfRangeSample, 'value' | 'position' | 'excess'> {
  let worst = { value: Number.NaN, position: -1, excess: 0 };
  for (let position = 0; position < values.length; position++) {
    const value = values[position] ?? Number.NaN;
    const excess = Number.isFinite(value)
      ? Math.max(min - value, value - max) / (max - min)
      : Number.POSITIVE_INFINITY;
    if (excess > worst.excess) worst = { value, position, excess };
  }
  return worst;
}
