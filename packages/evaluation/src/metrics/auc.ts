import { EvaluationError } from '../evaluation-error.js';
import { checkClass } from './classification.js';
import type { Metric, SampleColumns } from './metric.js';

/**
 * Area under the receiver operating characteristic of a binary classifier: how likely a sample of class 1 ranks above one
 * of class 0, ties counting half (Mann and Whitney 1947). Ranks by the single number of an output, or by the difference of
 * its two. NaN where one class is absent. `score` throws EvaluationError `OUTPUT_BINARY`, `LABEL_CLASS`.
 */
export const auc: Metric = {
  name: 'auc',
  higherIsBetter: true,
  unit: '',
  reads: 'class',
  score(output, label) {
    const prediction = positiveScore(output);
    checkClass(2, label);
    return { score: label === 1 ? prediction : -prediction, prediction };
  },
  summarize: areaUnderRoc,
};

function positiveScore(output: ArrayLike<number>): number {
  if (output.length === 1) return output[0] ?? Number.NaN;
  if (output.length === 2) return (output[1] ?? Number.NaN) - (output[0] ?? Number.NaN);
  throw new EvaluationError({
    code: 'OUTPUT_BINARY',
    message: `auc needs one or two scores, found ${output.length}.`,
    remedy: 'Use f1-macro or top1 for more than two classes.',
  });
}

/** NaN scores rank lowest. */
function areaUnderRoc({ labels, predictions }: SampleColumns): number {
  const scores = predictions.map((score) => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score));
  const order = Uint32Array.from(scores.keys()).sort((a, b) => {
    const [left = 0, right = 0] = [scores[a], scores[b]];
    return left < right ? -1 : Number(left > right);
  });
  let [rankSum, positives] = [0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) end++;
    const rank = (start + 1 + end) / 2;
    for (; start < end; start++) {
      if (labels[order[start] ?? 0] !== 1) continue;
      rankSum += rank;
      positives++;
    }
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
