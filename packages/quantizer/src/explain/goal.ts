import type { Model } from '@octavo/core/ir';
import { ErrorMeasure } from '@octavo/core/quant';
import { isFloat, toNumbers } from '@octavo/core/tensor';
import { evaluate, figureText, percent, type Scored } from '@octavo/evaluation';
import type { NamedTensors } from '@octavo/runtime';
import type { CalibrationSample } from '../calibrate.js';
import { Checkpoint } from '../checkpoint.js';
import type { Judge } from '../judging/judge.js';
import type { QualityLimit } from '../judging/limit.js';
import type { Target } from '../judging/target.js';
import { undecided } from '../judging/undecided.js';
import { QuantizerError } from '../quantizer-error.js';

/** How near a model is to a goal. */
export interface GoalFigure {
  readonly value: number;
  readonly passed: boolean;
  /** The figure with its unit. */
  readonly text: string;
  /** Why the samples are too few to say whether the goal is reached, where they are. */
  readonly undecided?: string;
}

/** What a quantized model must reach. */
export interface Goal {
  /** In words, e.g. `SQNR of at least 30 dB`. */
  readonly name: string;
  measure(model: Model): Promise<GoalFigure>;
}

export interface GoalOptions {
  /** The original model, and what runs it and what is made from it. */
  readonly source: Model;
  open: Target['open'];
  readonly signal?: AbortSignal | undefined;
}

/** A goal that needs no labels: SQNR of the outputs against the original's, in dB over all samples and float outputs. */
export function sqnrGoal(
  least: number,
  samples: () => AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  { source, open, signal }: GoalOptions,
): Goal {
  const show = (value: number): string => figureText(value, 'dB');
  return {
    name: `SQNR of at least ${show(least)}`,
    async measure(model) {
      using original = await open(source);
      using session = await open(model);
      const error = new ErrorMeasure();
      for await (const { feeds } of new Checkpoint(signal).each(samples()))
        addOutputs(error, await original.run(feeds), await session.run(feeds));
      const { sqnr: value } = error.read();
      return { value, passed: value >= least, text: show(value) };
    },
  };
}

/** Adds the float outputs: indices would outweigh them, and strings have no numbers. */
function addOutputs(error: ErrorMeasure, original: NamedTensors, outputs: NamedTensors): void {
  const floats = Object.entries(original).filter(([, { dtype }]) => isFloat(dtype));
  if (floats.length === 0) throw notComparable('the original has no float output.');
  for (const [name, tensor] of floats) {
    const other = outputs[name];
    if (!other) throw notComparable(`the quantized model lacks the output ${name} of the original.`);
    error.add(toNumbers(tensor), toNumbers(other));
  }
}

function notComparable(message: string): QuantizerError {
  return new QuantizerError({
    code: 'GOAL_OUTPUTS',
    message,
    remedy: 'Give a model that was made from this original, or judge it by a metric on labelled data.',
  });
}

/** A goal on labelled samples: the share of the original's metric that is kept. */
export function retentionGoal(
  limit: QualityLimit,
  judge: Judge,
  { source, open, signal }: GoalOptions,
): Goal {
  const { minRetention } = limit;
  let original: readonly Scored[] | undefined;
  const score = async (model: Model): Promise<readonly Scored[]> => {
    using session = await open(model);
    return await judge.score(session, { signal });
  };
  return {
    name: `${percent(minRetention)} of the ${judge.metric.name}`,
    async measure(model) {
      original ??= await score(source);
      const { overall } = evaluate(judge.metric, await score(model), { original });
      const value = overall.original?.retention ?? Number.NaN;
      const doubt = undecided(overall, limit, judge.metric);
      const figure = { value, passed: value >= minRetention, text: percent(value) };
      return doubt === undefined ? figure : { ...figure, undecided: doubt };
    },
  };
}
