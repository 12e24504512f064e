import { checkClass } from './classification.js';
import { decide, type Metric, type SampleColumns } from './metric.js';

/** Harmonic mean of precision and recall of class 1; 0 where neither label nor prediction has it. */
export const f1 = f1Metric('f1', ({ labels, predictions }) => f1Of(1, labels, predictions));

/** Mean F1 over the classes that occur among labels or predictions. */
export const f1Macro = f1Metric('f1-macro', ({ labels, predictions }) => {
  const classes = new Set([...labels, ...predictions]);
  let sum = 0;
  for (const each of classes) sum += f1Of(each, labels, predictions);
  return sum / classes.size;
});

function f1Metric(name: string, summarize: Metric['summarize']): Metric {
  return {
    name,
    higherIsBetter: true,
    unit: '%',
    reads: 'class',
    score(output, label) {
      checkClass(output.length === 1 ? 2 : output.length, label);
      const prediction = decide(output);
      return { score: prediction === label ? 1 : 0, prediction };
    },
    summarize: (samples: SampleColumns) => (samples.labels.length === 0 ? Number.NaN : summarize(samples)),
  };
}

function f1Of(positive: number, labels: Float64Array, predictions: Float64Array): number {
  let [hits, wrong] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    const [label, prediction] = [labels[i] === positive, predictions[i] === positive];
    if (label && prediction) hits++;
    else if (label !== prediction) wrong++;
  }
  return hits + wrong === 0 ? 0 : (2 * hits) / (2 * hits + wrong);
}
