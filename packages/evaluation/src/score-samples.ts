import type { Sample } from '@octavo/datasets';
import type { Session } from '@octavo/runtime';
import type { Metric, Scored } from './metrics/index.js';
import { scoreModels } from './score-models.js';
import type { OutputTransform } from './score-rows.js';
import type { Segmentation } from './segments.js';

export interface ScoreOptions {
  readonly metric: Metric;
  /** Output to score; the model's first one when absent. */
  readonly outputName?: string;
  readonly transform?: OutputTransform;
  /** What the samples will be divided by: one that cannot be is refused before it is run. */
  readonly segmentations?: readonly Segmentation[];
  readonly signal?: AbortSignal;
  readonly onSample?: (seen: number) => void;
}

/**
 * Runs labelled samples one by one and scores each output against its label. A label that is a tensor (one number
 * an output row) scores every row. Outputs that hold NaN are counted, not refused.
 * @throws EvaluationError `LABEL_MISSING`, `LABEL_TYPE`, `LABEL_CLASS`, `OUTPUT_UNKNOWN`, `DATA_EMPTY`.
 */
export async function scoreSamples(
  session: Session,
  samples: AsyncIterable<Sample> | Iterable<Sample>,
  options: ScoreOptions,
): Promise<Scored[]> {
  const { metric, ...rest } = options;
  const { scored } = await scoreModels(session, samples, { ...rest, metrics: [metric] });
  return [...(scored.get(metric.name) ?? [])];
}
