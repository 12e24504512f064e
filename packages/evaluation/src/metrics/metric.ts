/** One sample's result: what the model said, what is right, and how good that is. */
export interface Scored {
  readonly id: string;
  /** The sample that this is one row of, such as the sentence of a token; absent where a sample is one row. */
  readonly sample?: string;
  /** Contribution to the metric, e.g. 1 for a hit, the absolute error, the squared error. */
  readonly score: number;
  /** Class index or number predicted. */
  readonly prediction: number;
  /** What is right; NaN where a metric needs no label. */
  readonly label: number;
  /** What the score is a part of, for metrics that are ratios of sums (SQNR: the energy of the signal); else 1. */
  readonly weight?: number;
  /** Present when the output held NaN. */
  readonly hasNaN?: true;
  /** The sample's other columns, for segments. */
  readonly columns: Readonly<Record<string, string | number>>;
}

/** What metrics summarize: one number a sample in each array, in the same order. */
export interface SampleColumns {
  readonly scores: Float64Array;
  readonly labels: Float64Array;
  readonly predictions: Float64Array;
  readonly weights: Float64Array;
}

/** How scored samples become one figure. */
export interface Summary {
  readonly name: string;
  readonly higherIsBetter: boolean;
  /** What the figure counts in: `%` figures are printed times 100. */
  readonly unit: '%' | 'label' | 'dB' | '';
  /** Whether one sample's score says how good or how bad it is; as the figure itself when absent. */
  readonly scoresAre?: 'gains' | 'errors';
  /** The score of a sample without fault, where gains have one: a sample loses what it lacks of it. Default 0. */
  readonly best?: number;
  /** The metric over samples; NaN when there are none. May change no array. */
  summarize(samples: SampleColumns): number;
}

/** How well outputs match labels. */
export interface Metric extends Summary {
  /** Class of a score vector (`class`) or the first number of the output (`number`). */
  readonly reads: 'class' | 'number';
  /** Scores one sample from the output's numbers. */
  score(output: ArrayLike<number>, label: number): { readonly score: number; readonly prediction: number };
}

/** How close outputs are to those of the original model; needs no labels. */
export interface FidelityMetric extends Summary {
  /** Scores one output against the original's; both have the same length. */
  compare(
    output: ArrayLike<number>,
    original: ArrayLike<number>,
  ): { readonly score: number; readonly weight?: number };
}

/** What a metric of one's own states; the rest has defaults. */
export interface MetricDefinition {
  readonly name: string;
  readonly higherIsBetter: boolean;
  /** Default none. */
  readonly unit?: Summary['unit'];
  /** What counts as the prediction; default `number`. */
  readonly reads?: Metric['reads'];
  score(output: ArrayLike<number>, label: number): number;
  /** Default: the mean of the scores. */
  summarize?(samples: SampleColumns): number;
}

/** A metric of one's own. */
export function defineMetric(definition: MetricDefinition): Metric {
  const { name, higherIsBetter, unit = '', reads = 'number', summarize = meanScore } = definition;
  return {
    name,
    higherIsBetter,
    unit,
    reads,
    score: (output, label) => ({
      score: definition.score(output, label),
      prediction: reads === 'class' ? decide(output) : (output[0] ?? Number.NaN),
    }),
    summarize,
  };
}

/** Index of the largest number, the first of equals; NaN counts as the smallest. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    const [value = Number.NaN, top = Number.NaN] = [values[i], values[best]];
    if (value > top || (Number.isNaN(top) && !Number.isNaN(value))) best = i;
  }
  return best;
}

/** The class that an output means: of the highest score, or, for a single number, 1 when that is above a half. */
export function decide(output: ArrayLike<number>): number {
  return output.length === 1 ? Number((output[0] ?? 0) > 0.5) : argmax(output);
}

export function meanScore({ scores }: SampleColumns): number {
  return mean(scores);
}

/** Of no numbers: NaN. */
export function mean(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
}
