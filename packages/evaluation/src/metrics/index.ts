import { EvaluationError } from '../evaluation-error.js';
import { nll, topK } from './classification.js';
import type { Metric } from './metric.js';
import { mae, mape, medianApe, mse, r2, rmse } from './regression.js';

export * from './classification.js';
export * from './metric.js';
export * from './regression.js';

/** The metrics that have a name. */
export const metrics: readonly Metric[] = [topK(1), topK(5), nll, mae, mape, medianApe, mse, rmse, r2];

/** The metric of a name. Throws EvaluationError `METRIC_UNKNOWN` listing the names there are. */
export function metricNamed(name: string): Metric {
  const found = metrics.find((metric) => metric.name === name);
  if (found) return found;
  throw new EvaluationError({
    code: 'METRIC_UNKNOWN',
    message: `there is no metric ${name}.`,
    remedy: `Use one of ${metrics.map((metric) => metric.name).join(', ')}.`,
  });
}
