import type { Model } from '@octavo/core/ir';
import type { Dataset } from '@octavo/datasets';
import type { SessionFactory, Target, TrialOptions } from '@octavo/quantizer';
import type { NamedTensors } from '@octavo/runtime';
import { type BackendName, fastSessions } from '../sessions.js';
import type { CommandContext } from './context.js';
import { checkScoring, type JudgeFlags, openLabelled } from './judging.js';
import { UsageError } from './usage-error.js';

/** Samples that models are timed with. */
const TIMED_SAMPLES = 8;

/** What searches read of the flags. */
export interface SearchSettings extends JudgeFlags {
  readonly validation?: string;
  readonly validationSamples?: number;
  readonly target: readonly BackendName[];
  readonly threads?: number;
}

/**
 * How a search scores and times models: on the validation data and on the targets. One sample is scored at once, as
 * `checkScoring` says.
 * @throws UsageError without a metric or validation data.
 */
export async function openTrials(
  source: Model,
  settings: SearchSettings,
  context: CommandContext,
): Promise<TrialOptions & { readonly validation: Dataset }> {
  const { validation, validationSamples, metric, target, threads } = settings;
  if (metric === undefined || validation === undefined)
    throw new UsageError('a search needs --metric and --validation PATH.');
  const { samples: _, ...shared } = settings;
  const limited = validationSamples === undefined ? shared : { ...shared, samples: validationSamples };
  const { dataset, judge } = await openLabelled(validation, source, metric, limited);
  const [first = 'auto', ...others] = target;
  await checkScoring({ dataset, metric, flags: settings }, source, floatSessions(context, threads, first));
  const targetOf = (name: BackendName): Target => ({
    name,
    open: (model) => floatSessions(context, threads, name)(model, { taps: [] }),
  });
  return {
    judge,
    targets: [targetOf(first), ...others.map(targetOf)],
    feeds: await firstFeeds(dataset),
    signal: context.signal,
    validation: dataset,
  };
}

/** Makes sessions for work on many samples; they are not timed. */
export function floatSessions(
  context: CommandContext,
  threads: number | undefined,
  backend: BackendName = 'auto',
): SessionFactory {
  const notice = (line: string): void => context.output.notice(line);
  return fastSessions({ backend, notice, ...(threads === undefined ? {} : { threads }) });
}

async function firstFeeds(dataset: Dataset): Promise<NamedTensors[]> {
  const feeds: NamedTensors[] = [];
  for await (const sample of dataset.samples({ limit: TIMED_SAMPLES })) feeds.push(sample.feeds);
  return feeds;
}
