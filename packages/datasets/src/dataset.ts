import type { DType, Tensor } from '@octavo/core/tensor';
import { DatasetError } from './dataset-error.js';
import { selectIndices } from './select.js';
import type { SampleFacts } from './stratify.js';

/** One input of a model: a dimension is a size, a symbol or null; no shape means unknown rank. */
export interface InputSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape?: readonly (number | string | null)[] | undefined;
  /** Of an input that takes quantized numbers: turns float32 into `dtype`. Integers are taken as they are. */
  readonly quantize?: (reals: Tensor<'float32'>) => Tensor;
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
  /** Leave out this many samples at the beginning. */
  readonly skip?: number;
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
  /** Label and columns alone, where they are known without reading the feeds. */
  facts?(index: number): SampleFacts;
}

export interface SelectionOptions {
  /** Take this many samples, drawn at random without repetition; all when absent or larger than the data. */
  readonly samples?: number | undefined;
  /** Seed of the draw; default 1. */
  readonly seed?: number | undefined;
  /** Take every `count`th of the samples selected, from number `index` (1 to `count`). */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
}

/**
 * A dataset over samples with random access, or over a seeded selection of them in their own order.
 * @throws DatasetError `DATASET_EMPTY` when there are none, `DATASET_SELECTION` for a bad number.
 */
export function datasetOf(source: SampleSource, where: string, options: SelectionOptions = {}): Dataset {
  if (source.size === 0) throw emptyDataset(where);
  return datasetOfIndices(source, selectIndices(source.size, options), options);
}

/** A dataset over given samples of a source, or over a shard of them. */
export function datasetOfIndices(
  source: SampleSource,
  selected: readonly number[],
  { shard = { index: 1, count: 1 } }: SelectionOptions = {},
): Dataset {
  const indices = selected.filter((_, i) => i % shard.count === shard.index - 1);
  return {
    size: indices.length,
    async *samples({ skip = 0, limit = indices.length, signal } = {}) {
      for (const index of indices.slice(skip, skip + limit)) {
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
    async *samples({ skip = 0, limit = Number.POSITIVE_INFINITY, signal } = {}) {
      let seen = 0;
      if (limit <= 0) return;
      for await (const sample of iterate()) {
        signal?.throwIfAborted();
        if (seen >= skip) yield sample;
        if (++seen >= skip + limit) return;
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
