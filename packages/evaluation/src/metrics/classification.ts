import { argmax, type Metric, meanScore } from './metric.js';

/** Share of samples whose label is among the `k` highest scores; ties count for the lower index. */
export function topK(k: number): Metric {
  return {
    name: `top${k}`,
    higherIsBetter: true,
    unit: '%',
    reads: 'class',
    score(output, label) {
      const own = output[label] ?? Number.NaN;
      let ahead = 0;
      for (let i = 0; i < output.length; i++) {
        const other = output[i] ?? 0;
        if (other > own || (other === own && i < label) || Number.isNaN(own)) ahead++;
      }
      return { score: ahead < k ? 1 : 0, prediction: argmax(output) };
    },
    summarize: meanScore,
  };
}

/** Mean negative logarithm of the probability that softmax gives to the label, in nats. */
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
    return { score: Math.log(sum) + top - (output[label] ?? Number.NaN), prediction };
  },
  summarize: meanScore,
};
