import { EvaluationError } from '../evaluation-error.js';
import { auc } from './auc.js';
import { accuracy, nll, perplexity, topK } from './classification.js';
import { f1, f1Macro } from './f1.js';
import { fidelityMetrics } from './fidelity.js';
import type { FidelityMetric, Metric } from './metric.js';
import { mae, mape, medianApe, mse, r2, rmse } from './regression.js';

export * from './auc.js';
export * from './classification.js';
export * from './f1.js';
export * from './fidelity.js';
export * from './metric.js';
export * from './regression.js';

/** The metrics against labels that have a name; `top<k>` is known for every k. */
export const metrics: readonly Metric[] = [
  accuracy,
  topK(1),
  topK(5),
  f1,
  f1Macro,
  auc,
  nll,
  perplexity,
  mae,
  mape,
  medianApe,
  mse,
  rmse,
  r2,
];

/**
 * The metric of a name, e.g. `mape`, `top3`.
 * @throws EvaluationError `METRIC_UNKNOWN` listing the names there are.
 */
export function metricNamed(name: string): Metric {
  const found = metrics.find((metric) => metric.name === name);
  if (found) return found;
  const k = /^top([1-9][0-9]{0,5})$/.exec(name)?.[1];
  if (k) return topK(Number(k));
  throw unknownMetric(name, metrics);
}

/**
 * The metric against the original's outputs of a name, e.g. `sqnr`.
 * @throws EvaluationError `METRIC_UNKNOWN` listing the names there are.
 */
export function fidelityMetricNamed(name: string): FidelityMetric {
  const found = fidelityMetrics.find((metric) => metric.name === name);
  if (found) return found;
  throw unknownMetric(name, fidelityMetrics);
}

function unknownMetric(name: string, known: readonly { readonly name: string }[]): EvaluationError {
  return new EvaluationError({
    code: 'METRIC_UNKNOWN',
    message: `there is no metric ${name}.`,
    remedy: `Use one of ${known.map((metric) => metric.name).join(', ')}.`,
  });
}
