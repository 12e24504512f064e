import type { Model } from '@octavo/core/ir';
import type { Dataset } from '@octavo/datasets';
import { saveOnnx, sourceFiles } from '@octavo/formats/node';
import {
  type FixResult,
  type FixRound,
  fixQuantization,
  type Goal,
  type LayerExplanation,
  type Recipe,
  retentionGoal,
  type SessionFactory,
  sqnrGoal,
} from '@octavo/quantizer';
import { Option } from 'commander';
import { decibels, share } from '../arguments.js';
import { type CommandContext, interruptible, withProgress } from '../context.js';
import { type JudgeFlags, judgeFor, judgeOptions } from '../judging.js';
import { openCalibration } from '../open-data.js';
import { UsageError } from '../usage-error.js';
import { limitOf } from './search-flags.js';

export interface FixFlags extends JudgeFlags {
  readonly data: string;
  readonly fix?: string;
  readonly calibration?: string;
  readonly minSqnr?: number;
  readonly minRetention?: number;
  readonly maxDrop?: number;
}

/** What `--fix` did. */
export interface FixDocument {
  readonly goal: string;
  readonly reached: boolean;
  /** How near the model given was to the goal. */
  readonly before: FixResult['before'];
  readonly rounds: readonly FixRound[];
  readonly warnings: readonly string[];
  /** Where the mended model was written; null when it does not reach the goal. */
  readonly output: string | null;
  /** Gives the mended model again. */
  readonly recipe: Recipe;
}

/** What is asked of a model when nothing is said, in dB. */
const DEFAULT_SQNR = 20;

export function fixOptions(): Option[] {
  return [
    new Option('--fix <file>', 'change what loses most and quantize anew, until the goal is reached'),
    new Option('--calibration <path>', 'fix: samples to calibrate on (default: --data)'),
    new Option(
      '--min-sqnr <dB>',
      `fix: the goal, of the outputs against the original's (default: ${DEFAULT_SQNR})`,
    ).argParser(decibels),
    new Option('--min-retention <share>', 'fix: the goal, of --metric, such as 0.99 or 99%').argParser(share),
    new Option('--max-drop <share>', 'fix: the same as --min-retention of 1 minus this')
      .argParser(share)
      .conflicts('minRetention'),
    ...judgeOptions(),
  ];
}

/** Refuses goals without `--fix`, and two at once. Throws UsageError. */
export function checkFixFlags({ fix, minSqnr, metric, minRetention, maxDrop, calibration }: FixFlags): void {
  const limit = minRetention ?? maxDrop;
  if (fix === undefined && (minSqnr ?? limit ?? metric ?? calibration) !== undefined)
    throw new UsageError('a goal has no meaning without --fix FILE.', 'Say where to write the mended model.');
  if (limit !== undefined && metric === undefined)
    throw new UsageError('--min-retention and --max-drop need --metric.', 'Say how models are judged.');
  if (minSqnr !== undefined && metric !== undefined)
    throw new UsageError('--min-sqnr and --metric are two goals.', 'Leave one out.');
}

/** Two models and how to open them. */
export interface FixJob {
  readonly source: Model;
  readonly quantized: Model;
  readonly dataset: Dataset;
  readonly createSession: SessionFactory;
  /** Full-integer models take and give the original's numbers. */
  readonly openQuantized: SessionFactory;
}

/** Two models, and why the second loses accuracy. */
export interface ExplainedJob extends FixJob {
  readonly explanations: readonly LayerExplanation[];
}

/** Mends a model and writes it when the goal is reached. */
export async function fixModel(
  job: ExplainedJob,
  output: string,
  flags: FixFlags,
  context: CommandContext,
): Promise<FixDocument> {
  const { source, quantized, dataset, createSession, openQuantized, explanations: explained } = job;
  const { signal } = context;
  const samples = () => interruptible(dataset.samples(), signal);
  const calibration =
    flags.calibration === undefined ? dataset : await openCalibration(flags.calibration, source.graph, flags);
  const result = await withProgress(
    context,
    'mending',
    undefined,
    (progress) => {
      let rounds = 0;
      return fixQuantization(source, quantized, {
        goal: goalOf(job, flags, signal),
        samples,
        explained,
        calibration: () => interruptible(calibration.samples(), signal),
        createSession,
        openQuantized,
        signal,
        onRound: () => progress.update(++rounds),
      });
    },
    'rounds',
  );
  const { reached, model, goal, before, rounds, warnings, recipe } = result;
  const inputs = [...sourceFiles(source), ...sourceFiles(quantized)];
  if (reached) await saveOnnx(model, output, { inputs, signal });
  return { goal, reached, before, rounds, warnings, output: reached ? output : null, recipe };
}

function goalOf({ source, dataset, openQuantized }: FixJob, flags: FixFlags, signal: AbortSignal): Goal {
  const options = { source, signal, open: (model: Model) => openQuantized(model, { taps: [] }) };
  const { metric, minSqnr = DEFAULT_SQNR } = flags;
  if (metric === undefined) return sqnrGoal(minSqnr, () => dataset.samples(), options);
  return retentionGoal(limitOf(flags), judgeFor(dataset, metric, flags), options);
}

/** For people: what was changed, round by round. */
export function describeFix({ goal, reached, before, rounds, warnings, output }: FixDocument): string {
  const lines = rounds.flatMap(({ changes, figure }, round) => [
    ...changes.map(({ node, cause, change }) => `${round + 1}. ${node} (${cause}): ${change}`),
    `   now ${figure.text}`,
  ]);
  const end = reached
    ? `reached; written to ${output}`
    : 'not reached: nothing is written; keep more layers in float, or lower the goal';
  const doubts = warnings.map((warning) => `warning: ${warning}`);
  return [`goal: ${goal}, before ${before.text}`, ...lines, end, ...doubts].join('\n');
}
