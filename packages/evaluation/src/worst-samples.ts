import type { Scored, Summary } from './metrics/index.js';

/** A sample that the model gets more wrong than the original does, or than others where there is no original. */
export interface WorstSample {
  readonly id: string;
  readonly label: number;
  readonly prediction: number;
  readonly score: number;
  readonly original?: { readonly prediction: number; readonly score: number };
  /** How much worse: by the score, in its own unit; positive. */
  readonly loss: number;
  readonly columns: Scored['columns'];
}

/**
 * The samples that lost most, worst first, at most `count`: against the original's scores where there are any, else those of
 * the largest errors. Samples that lost nothing are left out.
 */
export function worstSamples(
  metric: Summary,
  scored: readonly Scored[],
  options: { readonly original?: readonly Scored[] | undefined; readonly count?: number } = {},
): WorstSample[] {
  const { original, count = 10 } = options;
  const { best = 0 } = metric;
  const sign = (metric.scoresAre ?? (metric.higherIsBetter ? 'gains' : 'errors')) === 'gains' ? -1 : 1;
  const losses = scored.map((sample, index) => {
    const other = original?.[index];
    const loss = other ? sign * difference(sample.score, other.score) : sign * (sample.score - best);
    return { sample, other, loss: Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss };
  });
  return losses
    .filter(({ loss }) => loss > 0)
    .sort((a, b) => (a.loss === b.loss ? 0 : b.loss - a.loss))
    .slice(0, count)
    .map(({ sample: { id, label, prediction, score, columns }, other, loss }) => ({
      ...{ id, label, prediction, score, loss, columns },
      ...(other ? { original: { prediction: other.prediction, score: other.score } } : {}),
    }));
}

function difference(own: number, other: number): number {
  return own === other ? 0 : own - other;
}
