import { type Metric, mean, meanScore, type SampleColumns } from './metric.js';

/** A metric of the first number of an output; an error that is NaN counts as infinite. */
function regression(
  name: string,
  unit: Metric['unit'],
  error: (prediction: number, label: number) => number,
  summarize: Metric['summarize'],
  higherIsBetter = false,
): Metric {
  return {
    name,
    higherIsBetter,
    unit,
    reads: 'number',
    scoresAre: 'errors',
    score: (output, label) => {
      const prediction = output[0] ?? Number.NaN;
      const score = error(prediction, label);
      return { score: Number.isNaN(score) ? Number.POSITIVE_INFINITY : score, prediction };
    },
    summarize,
  };
}

const absolute = (prediction: number, label: number): number => Math.abs(prediction - label);
const relative = (prediction: number, label: number): number =>
  prediction === label ? 0 : Math.abs(prediction - label) / Math.abs(label);
const squared = (prediction: number, label: number): number => (prediction - label) ** 2;

export const mae = regression('mae', 'label', absolute, meanScore);
export const mape = regression('mape', '%', relative, meanScore);
export const medianApe = regression('median-ape', '%', relative, medianScore);
export const mse = regression('mse', '', squared, meanScore);
export const rmse = regression('rmse', 'label', squared, (samples) => Math.sqrt(meanScore(samples)));
/** Share of the labels' variance that the predictions explain: `1 - sum (y - p)^2 / sum (y - mean y)^2`. */
export const r2 = regression('r2', '', squared, explainedVariance, true);

function medianScore({ scores }: SampleColumns): number {
  const sorted = scores.slice().sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function explainedVariance({ scores, labels }: SampleColumns): number {
  const middle = mean(labels);
  const total = labels.reduce((sum, label) => sum + (label - middle) ** 2, 0);
  return 1 - scores.reduce((sum, score) => sum + score, 0) / total;
}
