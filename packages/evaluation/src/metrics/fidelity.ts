import { type FidelityMetric, meanScore, type SampleColumns } from './metric.js';

/** Signal to quantization noise, `10 log10(sum x^2 / sum (x - x_hat)^2)` over all samples, in dB; infinite when equal. */
export const sqnr: FidelityMetric = {
  name: 'sqnr',
  higherIsBetter: true,
  unit: 'dB',
  scoresAre: 'errors',
  compare(output, original) {
    let [noise, signal] = [0, 0];
    for (let i = 0; i < original.length; i++) {
      const [x = 0, y = 0] = [original[i], output[i]];
      if (x === y) signal += x * x;
      else if (Number.isFinite(x)) {
        signal += x * x;
        noise += Number.isFinite(y) ? (x - y) ** 2 : Number.POSITIVE_INFINITY;
      }
    }
    return { score: noise, weight: signal };
  },
  summarize: ({ scores, weights }: SampleColumns) => {
    if (scores.length === 0) return Number.NaN;
    const [noise, signal] = [sum(scores), sum(weights)];
    return noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
  },
};

/** Mean cosine of the angle between outputs; 1 where both are all zeros, 0 where one is or holds what is not finite. */
export const cosine: FidelityMetric = {
  name: 'cosine',
  higherIsBetter: true,
  unit: '',
  best: 1,
  compare(output, original) {
    let [product, left, right] = [0, 0, 0];
    for (let i = 0; i < original.length; i++) {
      const [x = 0, y = 0] = [original[i], output[i]];
      product += x * y;
      left += x * x;
      right += y * y;
    }
    // Outputs that are equal lose nothing, not even to the rounding of roots.
    if (product === left && product === right && Number.isFinite(product)) return { score: 1 };
    const score = product / Math.sqrt(left) / Math.sqrt(right);
    return { score: Number.isFinite(score) ? score : 0 };
  },
  summarize: meanScore,
};

/**
 * Mean Kullback-Leibler divergence of the distributions that softmax makes of the outputs, original from quantized, in
 * nats (Kullback and Leibler 1951); infinite where the quantized output holds NaN.
 */
export const kl: FidelityMetric = {
  name: 'kl',
  higherIsBetter: false,
  unit: '',
  compare(output, original) {
    const [log, quantizedLog] = [logSoftmax(original), logSoftmax(output)];
    let score = 0;
    for (let i = 0; i < log.length; i++) {
      const [p = 0, q = 0] = [log[i], quantizedLog[i]];
      if (p !== Number.NEGATIVE_INFINITY) score += Math.exp(p) * (p - q);
    }
    return { score: Number.isNaN(score) ? Number.POSITIVE_INFINITY : Math.max(0, score) };
  },
  summarize: meanScore,
};

/** The metrics against the original's outputs that have a name. */
export const fidelityMetrics: readonly FidelityMetric[] = [sqnr, cosine, kl];

function logSoftmax(values: ArrayLike<number>): Float64Array {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) top = Math.max(top, values[i] ?? 0);
  let total = 0;
  for (let i = 0; i < values.length; i++) total += Math.exp((values[i] ?? 0) - top);
  return Float64Array.from(values, (value) => value - top - Math.log(total));
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] ?? 0;
  return total;
}
