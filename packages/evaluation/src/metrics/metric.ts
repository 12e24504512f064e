/** One sample's result: what the model said, what is right, and how good that is. */
export interface Scored {
  readonly id: string;
  /** Contribution to the metric, e.g. 1 for a hit, the absolute error, the squared error. */
  readonly score: number;
  /** Class index or number predicted. */
  readonly prediction: number;
  readonly label: number;
  /** Present when the output held NaN. */
  readonly hasNaN?: true;
  /** The sample's other columns, for segments. */
  readonly columns: Readonly<Record<string, string | number>>;
}

/** How well outputs match labels. */
export interface Metric {
  readonly name: string;
  readonly higherIsBetter: boolean;
  /** What the figure counts in: `%` figures are printed times 100. */
  readonly unit: '%' | 'label' | '';
  /** Class of a score vector (`class`) or the first number of the output (`number`). */
  readonly reads: 'class' | 'number';
  /** Scores one sample from the output's numbers. */
  score(output: ArrayLike<number>, label: number): { readonly score: number; readonly prediction: number };
  /** The metric over samples, from their scores and labels; NaN when there are none. May reorder neither. */
  summarize(scores: Float64Array, labels: Float64Array): number;
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

export function meanScore(scores: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i] ?? 0;
  return sum / scores.length;
}
