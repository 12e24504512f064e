import { isFloat, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { Divisible } from '@octavo/evaluation';
import type { CalibrationSample } from '../calibrate.js';

/** A calibration or validation sample, with what it can be told apart by. */
export interface ProfiledSample extends CalibrationSample {
  readonly label?: number | string | Tensor | undefined;
  readonly columns?: Readonly<Record<string, string | number>> | undefined;
}

/** The numbers that an input, or one feature of its rows, takes over all samples. */
export interface FeatureRange {
  min: number;
  max: number;
  /** The samples that the ends come from. */
  minSample: string;
  maxSample: string;
}

/** Wider rows are no features with a meaning of their own. */
const MOST_FEATURES = 1024;

/**
 * What a set of samples is like: the range of each float input (of each feature where an input is rows of at most
 * 1024 features, `[N, features]`), and labels and columns. Does not depend on the order of the samples.
 */
export class SampleProfile {
  /** Of each sample its label, where that is one number or a text, and its columns. */
  readonly samples: Divisible[] = [];
  private readonly features = new Map<string, FeatureRange[]>();

  add({ feeds, id = `sample ${this.samples.length}`, label, columns = {} }: ProfiledSample): void {
    const plain = typeof label === 'object' ? undefined : label;
    this.samples.push({ id, columns, ...(plain === undefined ? {} : { label: plain }) });
    for (const [input, tensor] of Object.entries(feeds))
      if (isFloat(tensor.dtype)) this.addInput(input, tensor, id);
  }

  /** Adds samples to the profile as they pass. */
  async *watch<T extends ProfiledSample>(samples: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
    for await (const sample of samples) {
      this.add(sample);
      yield sample;
    }
  }

  /** Each float input with the ranges of its features; a single one for inputs that are no rows of features. */
  get inputs(): ReadonlyMap<string, readonly FeatureRange[]> {
    return this.features;
  }

  private addInput(input: string, tensor: Tensor, id: string): void {
    const width = tensor.shape.length === 2 ? (tensor.shape[1] ?? 1) : 1;
    const known = this.features.get(input);
    const count = (known?.length ?? width) === width && width <= MOST_FEATURES ? width : 1;
    const ranges = fitted(known, count);
    this.features.set(input, ranges);
    const values = toNumbers(tensor);
    for (let i = 0; i < values.length; i++) {
      const [value, range] = [values[i] ?? Number.NaN, ranges[i % count]];
      if (range && value < range.min) [range.min, range.minSample] = [value, id];
      if (range && value > range.max) [range.max, range.maxSample] = [value, id];
    }
  }
}

/** As many ranges as asked for: new ones, those known, or the one that holds them all. */
function fitted(known: readonly FeatureRange[] | undefined, count: number): FeatureRange[] {
  const empty = {
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    minSample: '',
    maxSample: '',
  };
  if (!known) return Array.from({ length: count }, () => ({ ...empty }));
  if (known.length === count) return [...known];
  return [
    known.reduce((all, each) => ({
      ...(each.min < all.min
        ? { min: each.min, minSample: each.minSample }
        : { min: all.min, minSample: all.minSample }),
      ...(each.max > all.max
        ? { max: each.max, maxSample: each.maxSample }
        : { max: all.max, maxSample: all.maxSample }),
    })),
  ];
}
