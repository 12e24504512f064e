import { type Metric, meanScore, type Scored } from './metric.js';

function regression(
  name: string,
  unit: Metric['unit'],
  error: (prediction: number, label: number) => number,
  summarize: (samples: readonly Scored[]) => number,
  higherIsBetter = false,
): Metric {
  return {
    name,
    higherIsBetter,
    unit,
    reads: 'number',
    score: (output, label) => {
      const prediction = output[0] ?? Number.NaN;
      return { score: error(prediction, label), prediction };
    },
    summarize,
  };
}

const absolute = (prediction: number, label: number): number => Math.abs(prediction - label);
const relative = (prediction: number, label: number): number =>
  Math.abs(prediction - label) / Math.abs(label);
const squared = (prediction: number, label: number): number => (prediction - label) ** 2;

export const mae = regression('mae', 'label', absolute, meanScore);
export const mape = regression('mape', '%', relative, meanScore);
export const medianApe = regression('median-ape', '%', relative, medianScore);
export const mse = regression('mse', '', squared, meanScore);
export const rmse = regression('rmse', 'label', squared, (samples) => Math.sqrt(meanScore(samples)));
/** Share of the labels' variance that the predictions explain: `1 - sum (y - p)^2 / sum (y - mean y)^2`. */
export const r2 = regression('r2', '', squared, explainedVariance, true);

function medianScore(samples: readonly Scored[]): number {
  const scores = samples.map((sample) => sample.score).sort((a, b) => a - b);
  const middle = scores.length >> 1;
  const upper = scores[middle] ?? Number.NaN;
  return scores.length % 2 === 1 ? upper : ((scores[middle - 1] ?? Number.NaN) + upper) / 2;
}

function explainedVariance(samples: readonly Scored[]): number {
  const mean = samples.reduce((sum, sample) => sum + sample.label, 0) / samples.length;
  const total = samples.reduce((sum, sample) => sum + (sample.label - mean) ** 2, 0);
  return 1 - samples.reduce((sum, sample) => sum + sample.score, 0) / total;
}
