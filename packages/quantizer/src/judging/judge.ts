import type { Dataset } from '@octavo/datasets';
import {
  type Metric,
  type OutputTransform,
  type Scored,
  type Summary,
  scoreSamples,
} from '@octavo/evaluation';
import type { Session } from '@octavo/runtime';
import { Checkpoint } from '../checkpoint.js';

/** What decides whether a quantized model is good enough. */
export interface Judge {
  readonly metric: Summary;
  /** Scores a session on the validation samples: the same ones in the same order each time. */
  score(session: Session, options?: JudgeOptions): Promise<readonly Scored[]>;
}

export interface JudgeOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onSample?: ((seen: number) => void) | undefined;
}

/** Judges by labelled samples and a metric, one of ours or a custom one. */
export function judgeOf(
  validation: Dataset,
  metric: Metric,
  options: { readonly transform?: OutputTransform; readonly outputName?: string } = {},
): Judge {
  return {
    metric,
    score: (session, { signal, onSample } = {}) =>
      scoreSamples(session, new Checkpoint(signal).each(validation.samples()), {
        ...options,
        metric,
        ...(signal ? { signal } : {}),
        ...(onSample ? { onSample } : {}),
      }),
  };
}
