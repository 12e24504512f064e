import type { DType, Tensor } from '@octavo/core/tensor';
import { DatasetError } from './dataset-error.js';
import { selectIndices } from './select.js';

/** One input of a model: a dimension is a size, a symbol or null; no shape means unknown rank. */
export interface InputSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape?: readonly (number | string | null)[] | undefined;
}

/** One run of a model: a tensor for each input, with batch dimension 1. */
export interface Sample {
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly label?: number | string | Tensor;
  /** Further fields of the record, for segments. */
  readonly columns?: Readonly<Record<string, string | number>>;
  /** Where the sample comes from, e.g. `images/0001.jpg` or `sales.csv:17`. */
  readonly id: string;
}

export interface IterationOptions {
  /** Stop after this many samples. */
  readonly limit?: number;
  /** Stops between samples; the iteration throws its reason. */
  readonly signal?: AbortSignal;
}

/** Samples that can be iterated any number of times, always in the same order. */
export interface Dataset {
  /** Number of samples, where it is known before the iteration. */
  readonly size?: number;
  samples(options?: IterationOptions): AsyncIterable<Sample>;
}

/** Samples with random access: what a file format provides. */
export interface SampleSource {
  readonly size: number;
  /** @param index 0 to size - 1. */
  sample(index: number): Promise<Sample>;
}

export interface SelectionOptions {
  /** Take this many samples, drawn at random without repetition; all when absent or larger than the data. */
  readonly samples?: number | undefined;
  /** Seed of the draw; default 1. */
  readonly seed?: number | undefined;
}

/**
 * A dataset over samples with random access, or over a seeded selection of them in their own order.
 * @throws DatasetError `DATASET_EMPTY` when there are none, `DATASET_SELECTION` for a bad number.
 */
export function datasetOf(source: SampleSource, where: string, options: SelectionOptions = {}): Dataset {
  if (source.size === 0) throw emptyDataset(where);
  const indices = selectIndices(source.size, options);
  return {
    size: indices.length,
    async *samples({ limit = indices.length, signal } = {}) {
      for (const index of indices.slice(0, limit)) {
        signal?.throwIfAborted();
        yield source.sample(index);
      }
    },
  };
}

/** A dataset over samples in memory. Throws as {@link datasetOf}. */
export function memoryDataset(samples: readonly Sample[], options?: SelectionOptions): Dataset {
  const sample = async (index: number): Promise<Sample> => {
    const found = samples[index];
    if (found) return found;
    throw new RangeError(`sample ${index} of ${samples.length}`);
  };
  return datasetOf({ size: samples.length, sample }, 'samples in memory', options);
}

/**
 * A dataset over whatever a function iterates; called anew for each iteration. The size is unknown.
 * Iterating throws DatasetError `DATASET_EMPTY` when the first iteration yields nothing.
 */
export function iterableDataset(iterate: () => AsyncIterable<Sample> | Iterable<Sample>): Dataset {
  return {
    async *samples({ limit = Number.POSITIVE_INFINITY, signal } = {}) {
      let seen = 0;
      if (limit <= 0) return;
      for await (const sample of iterate()) {
        signal?.throwIfAborted();
        yield sample;
        if (++seen >= limit) return;
      }
      if (seen === 0) throw emptyDataset('the iterable');
    },
  };
}

/** The error for data without samples. */
export function emptyDataset(where: string): DatasetError {
  return new DatasetError({
    code: 'DATASET_EMPTY',
    where,
    message: 'it holds no samples.',
    remedy: 'Give a path with at least one sample.',
  });
}
