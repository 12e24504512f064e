import { EvaluationError } from '../evaluation-error.js';
import { argmax, decide, type Metric, meanScore } from './metric.js';

/**
 * Share of samples whose class is right: that of the highest score, or, for a single probability, whether it is above a
 * half. `score` throws EvaluationError `LABEL_CLASS` for a label that is no class.
 */
export const accuracy: Metric = {
  name: 'accuracy',
  higherIsBetter: true,
  unit: '%',
  reads: 'class',
  score(output, label) {
    checkClass(output.length === 1 ? 2 : output.length, label);
    const prediction = decide(output);
    return { score: prediction === label && !Number.isNaN(output[prediction]) ? 1 : 0, prediction };
  },
  summarize: meanScore,
};

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

/** `exp` of the mean negative logarithm of the label's probability. Throws as {@link topK}. */
export const perplexity: Metric = {
  ...nll,
  name: 'perplexity',
  summarize: (samples) => Math.exp(meanScore(samples)),
};

function scoreOf(output: ArrayLike<number>, label: number): number {
  checkClass(output.length, label);
  return output[label] ?? Number.NaN;
}

/** Throws EvaluationError `LABEL_CLASS` unless the label is one of the classes. */
export function checkClass(classes: number, label: number): void {
  if (Number.isInteger(label) && label >= 0 && label < classes) return;
  throw new EvaluationError({
    code: 'LABEL_CLASS',
    message: `the label ${label} is no class of an output of ${classes} scores.`,
    remedy: `Use labels from 0 to ${classes - 1}.`,
  });
}
