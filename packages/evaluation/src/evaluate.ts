import { type Groups, type Interval, middleOf, resample } from './bootstrap.js';
import { EvaluationError } from './evaluation-error.js';
import type { SampleColumns, Scored, Summary } from './metrics/index.js';
import { divide, type Segmentation } from './segments.js';

/** A metric over some samples, and against the original model where there is one. */
export interface Figure {
  readonly count: number;
  readonly value: number;
  readonly interval: Interval;
  /** Samples whose output held NaN: they count as misses or infinite errors. Absent when there are none. */
  readonly nanOutputs?: number;
  readonly original?: Comparison;
}

/** Quantized against original on the same samples. */
export interface Comparison {
  /** The original model's metric. */
  readonly value: number;
  /** Quantized / original for a higher-is-better metric, original / quantized for an error metric. */
  readonly retention: number;
  /**
   * How much is lost: original - quantized for a higher-is-better metric, (quantized - original) / original for an
   * error metric. Negative when the quantized model is better.
   */
  readonly drop: number;
  /** Of the drop, over paired samples. */
  readonly interval: Interval;
  /** As for {@link Figure}, of the original model. */
  readonly nanOutputs?: number;
}

export interface SegmentFigures {
  /** The specification, e.g. `price:quantile4`. */
  readonly by: string;
  readonly segments: readonly (Figure & { readonly name: string })[];
}

export interface Evaluation {
  readonly metric: string;
  readonly higherIsBetter: boolean;
  readonly unit: Summary['unit'];
  readonly overall: Figure;
  readonly segments: readonly SegmentFigures[];
}

/**
 * Summarizes scored samples, overall and by segment, and compares them pair by pair with the original model's.
 * @throws EvaluationError `PAIRS` when the two runs did not see the same samples.
 */
export function evaluate(
  metric: Summary,
  scored: readonly Scored[],
  options: {
    readonly original?: readonly Scored[] | undefined;
    readonly segmentations?: readonly (Segmentation & { readonly spec?: string })[];
  } = {},
): Evaluation {
  const { original, segmentations = [] } = options;
  if (
    original &&
    (original.length !== scored.length || original.some((each, i) => each.id !== scored[i]?.id))
  ) {
    throw new EvaluationError({
      code: 'PAIRS',
      message: `the models were scored on different samples (${scored.length} and ${original.length}).`,
      remedy: 'Score both on the same dataset, in the same order.',
    });
  }
  const all = scored.map((_, index) => index);
  return {
    metric: metric.name,
    higherIsBetter: metric.higherIsBetter,
    unit: metric.unit,
    overall: figure(metric, scored, original, all),
    segments: segmentations.map((segmentation) => ({
      by: segmentation.spec ?? segmentation.column,
      segments: divide(scored, segmentation).map(({ name, indices }) => ({
        name,
        ...figure(metric, scored, original, indices),
      })),
    })),
  };
}

/** How much worse `quantized` is than `original` (see {@link Comparison.drop}). */
export function dropOf(metric: Summary, original: number, quantized: number): number {
  if (quantized === original) return 0;
  return metric.higherIsBetter ? original - quantized : (quantized - original) / original;
}

function retentionOf(metric: Summary, original: number, quantized: number): number {
  if (quantized === original) return 1;
  return metric.higherIsBetter ? quantized / original : original / quantized;
}

function figure(
  metric: Summary,
  scored: readonly Scored[],
  original: readonly Scored[] | undefined,
  indices: readonly number[],
): Figure {
  const own = columnsOf(scored, indices);
  const other = original && columnsOf(original, indices);
  const { values, drops } = drawn(metric, own, other, rowsOfSamples(scored, indices));
  const value = metric.summarize(own);
  const base = {
    count: indices.length,
    value,
    interval: middleOf(values),
    ...countNaN(scored, indices),
  };
  if (!original || !other) return base;
  const before = metric.summarize(other);
  return {
    ...base,
    original: {
      value: before,
      retention: retentionOf(metric, before, value),
      drop: dropOf(metric, before, value),
      interval: middleOf(drops),
      ...countNaN(original, indices),
    },
  };
}

/** The metric and its drop over the same draws of samples. */
function drawn(
  metric: Summary,
  own: SampleColumns,
  other: SampleColumns | undefined,
  groups: Groups | undefined,
): { readonly values: readonly number[]; readonly drops: readonly number[] } {
  const values: number[] = [];
  const drops: number[] = [];
  const summarizeOwn = resampler(metric, own);
  const summarizeOther = other && resampler(metric, other);
  const visit = (indices: Uint32Array): void => {
    const value = summarizeOwn(indices);
    values.push(value);
    if (summarizeOther) drops.push(dropOf(metric, summarizeOther(indices), value));
  };
  resample(own.scores.length, visit, undefined, groups);
  return { values, drops };
}

/** Positions among `indices` of the rows of each sample; undefined where every sample is one row. */
function rowsOfSamples(scored: readonly Scored[], indices: readonly number[]): number[][] | undefined {
  if (!indices.some((index) => scored[index]?.sample !== undefined)) return undefined;
  const groups = new Map<string, number[]>();
  indices.forEach((index, position) => {
    const key = scored[index]?.sample ?? scored[index]?.id ?? '';
    const rows = groups.get(key);
    if (rows) rows.push(position);
    else groups.set(key, [position]);
  });
  return [...groups.values()];
}

function countNaN(samples: readonly Scored[], indices: readonly number[]): { readonly nanOutputs?: number } {
  const nanOutputs = indices.filter((index) => samples[index]?.hasNaN).length;
  return nanOutputs > 0 ? { nanOutputs } : {};
}

function columnsOf(samples: readonly Scored[], indices: readonly number[]): SampleColumns {
  const column = (read: (sample: Scored) => number): Float64Array =>
    Float64Array.from(indices, (index) => {
      const sample = samples[index];
      return sample ? read(sample) : Number.NaN;
    });
  return {
    scores: column(({ score }) => score),
    labels: column(({ label }) => label),
    predictions: column(({ prediction }) => prediction),
    weights: column(({ weight = 1 }) => weight),
  };
}

/**
 * The metric over drawn samples. Only the columns that it reads are drawn, into the same arrays as long as they suffice,
 * because it is called a thousand times.
 */
function resampler(metric: Summary, columns: SampleColumns): (indices: Uint32Array) => number {
  const drawScores = drawer(columns.scores);
  const drawLabels = drawer(columns.labels);
  const drawPredictions = drawer(columns.predictions);
  const drawWeights = drawer(columns.weights);
  return (indices) => {
    const scores = once(() => drawScores(indices));
    const labels = once(() => drawLabels(indices));
    const predictions = once(() => drawPredictions(indices));
    const weights = once(() => drawWeights(indices));
    return metric.summarize({
      get scores() {
        return scores();
      },
      get labels() {
        return labels();
      },
      get predictions() {
        return predictions();
      },
      get weights() {
        return weights();
      },
    });
  };
}

function once(make: () => Float64Array): () => Float64Array {
  let made: Float64Array | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function drawer(source: Float64Array): (indices: Uint32Array) => Float64Array {
  let room = new Float64Array(source.length);
  return (indices) => {
    if (indices.length > room.length) room = new Float64Array(2 * indices.length);
    for (let i = 0; i < indices.length; i++) room[i] = source[indices[i] ?? 0] ?? Number.NaN;
    return room.subarray(0, indices.length);
  };
}
