import type { Model } from '@octavo/core/ir';
import type { CalibrationSample, SessionFactory } from '../calibrate.js';
import { Checkpoint } from '../checkpoint.js';
import {
  choiceWarnings,
  type QualityLimit,
  type TrialFigures,
  type TrialOptions,
  Trials,
} from '../judging/index.js';
import type { Recipe } from '../recipe.js';
import type { QuantizationReport } from '../report.js';
import { climb, type Tried } from './climb.js';
import { makeContext } from './make-context.js';
import type { Attempt, Rung } from './rung.js';
import { DEFAULT_RUNGS } from './rungs/index.js';

export interface AutoOptions extends TrialOptions {
  readonly limit: QualityLimit;
  /** Gives the calibration samples anew each time; without it the static methods are skipped. */
  readonly calibration?: (() => AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>) | undefined;
  /** Makes the float sessions that calibration runs on. */
  readonly createSession: SessionFactory;
  /** What all methods share; a rung's own choices win, but do not take back `exclude` and `layers`: they add to them. */
  readonly recipe?: Partial<Recipe> | undefined;
  /** Methods to try, in order; `DEFAULT_RUNGS` when absent. Add your own to them. */
  readonly rungs?: readonly Rung[] | undefined;
  /** Called before each rung, and with each attempt. */
  readonly onRung?: ((rung: Rung, index: number) => void) | undefined;
  readonly onAttempt?: ((attempt: Attempt) => void) | undefined;
}

/** The fastest model that passed. */
export interface AutoChoice {
  readonly model: Model;
  readonly attempt: Attempt & { readonly figures: TrialFigures };
  readonly report?: QuantizationReport | undefined;
}

export interface AutoResult {
  readonly limit: QualityLimit;
  /** The original's metric and the bytes of its ONNX file. */
  readonly original: { readonly value: number; readonly bytes: number };
  /** Everything that was tried, in order. */
  readonly attempts: readonly Attempt[];
  /** Undefined when nothing passes. */
  readonly choice: AutoChoice | undefined;
  /** What the user must know about the choice: that it is slower than the original on a target, or may miss the limit. */
  readonly warnings: readonly string[];
}

/**
 * Tries the methods of a registry in order, measures every candidate on paired validation samples and on the targets,
 * and keeps the fastest one that passes the limit. What fails is an attempt with its reason, not an error.
 * @throws EvaluationError, SessionError when the original cannot be scored or run; the signal's reason.
 */
export async function quantizeAutomatically(source: Model, options: AutoOptions): Promise<AutoResult> {
  using trials = await Trials.start(source, options);
  const attempts: Attempt[] = [];
  const context = makeContext(source, options, attempts);
  let choice: AutoChoice | undefined;
  const record = (attempt: Attempt): void => {
    attempts.push(attempt);
    options.onAttempt?.(attempt);
  };
  for (const [index, rung] of (options.rungs ?? DEFAULT_RUNGS).entries()) {
    await new Checkpoint(options.signal).pass();
    options.onRung?.(rung, index);
    for await (const tried of climb(rung, context, trials)) {
      record(tried.attempt);
      choice = fasterOf(choice, tried);
    }
  }
  const { limit } = options;
  const warnings = choice ? choiceWarnings(choice.attempt.figures, limit, trials.metric) : [];
  return { limit, original: trials.original, attempts, choice, warnings };
}

function fasterOf(best: AutoChoice | undefined, { attempt, candidate }: Tried): AutoChoice | undefined {
  const { outcome, figures } = attempt;
  if (outcome !== 'passed' || !figures || !candidate) return best;
  if (best && slowness(best.attempt.figures) <= slowness(figures)) return best;
  return { model: candidate.model, report: candidate.report, attempt: { ...attempt, figures } };
}

/** Geometric mean of the ratios to the original over the targets. */
function slowness({ latency }: TrialFigures): number {
  return Math.exp(latency.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / Math.max(1, latency.length));
}
