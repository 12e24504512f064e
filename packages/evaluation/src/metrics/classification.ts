import { EvaluationError } from '../evaluation-error.js';
import { argmax, type Metric, meanScore } from './metric.js';

/**
 * Share of samples whose label is among the `k` highest scores; ties count for the lower index, and NaN counts as
 * higher than any number. `score` throws EvaluationError `LABEL_CLASS` for a label that is no class.
 */
export function topK(k: number): Metric {
  return {
    name: `top${k}`,
    higherIsBetter: true,
    unit: '%',
    reads: 'class',
    score(output, label) {
      const own = scoreOf(output, label);
      const prediction = argmax(output);
      if (Number.isNaN(own)) return { score: 0, prediction };
      let ahead = 0;
      for (let i = 0; i < output.length; i++) {
        const other = output[i] ?? 0;
        if (other > own || (other === own && i < label) || Number.isNaN(other)) ahead++;
      }
      return { score: ahead < k ? 1 : 0, prediction };
    },
    summarize: meanScore,
  };
}

/**
 * Mean negative logarithm of the probability that softmax gives to the label, in nats; infinite where the output holds
 * NaN. `score` throws as {@link topK}.
 */
export const nll: Metric = {
  name: 'nll',
  higherIsBetter: false,
  unit: '',
  reads: 'class',
  score(output, label) {
    const prediction = argmax(output);
    const top = output[prediction] ?? 0;
    let sum = 0;
    for (let i = 0; i < output.length; i++) sum += Math.exp((output[i] ?? 0) - top);
    const loss = Math.log(sum) + top - scoreOf(output, label);
    return { score: Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss, prediction };
  },
  summarize: meanScore,
};

function scoreOf(output: ArrayLike<number>, label: number): number {
  const score = output[label];
  if (score !== undefined) return score;
  throw new EvaluationError({
    code: 'LABEL_CLASS',
    message: `the label ${label} is no class of an output of ${output.length} scores.`,
    remedy: `Use labels from 0 to ${output.length - 1}.`,
  });
}
