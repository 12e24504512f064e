import type { Model } from '@octavo/core/ir';
import type { RealRange } from '@octavo/core/quant';
import type { Dataset, Sample, Stratum } from '@octavo/datasets';
import {
  type ActivationRange,
  activationRanges,
  evaluate,
  fidelityMetrics,
  type Measurements,
  measureLatency,
  metricsOf,
  OutOfRangeSamples,
  type PerformanceComparison,
  type Suite,
  scoreModels,
  segmentationsOf,
} from '@octavo/evaluation';
import type { NamedTensors, Session } from '@octavo/runtime';
import { type CommandContext, interruptible, withProgress } from '../cli/context.js';
import { byColumn } from '../cli/judging.js';
import { sizeOnDisk } from '../cli/model-size.js';
import { inputSpecs, openData } from '../cli/open-data.js';
import { withFloatPorts } from '../float-ports.js';
import { type BackendName, openFastSession } from '../sessions.js';
import { evaluateFidelity } from './evaluate-fidelity.js';
import { measureStability } from './measure-stability.js';
import { measurePeakMemory } from './peak-memory.js';

/** A model file and what was read from it. */
export interface ModelFile {
  readonly file: string;
  readonly model: Model;
}

/** What a check works on. */
export interface CheckJob {
  readonly quantized: ModelFile;
  readonly original: ModelFile;
  readonly backend: BackendName;
  readonly threads?: number;
  /** Leaves memory unmeasured. */
  readonly skipMemory?: boolean;
}

/** A suite, and what only flags say of its data. */
export interface MeasuredSuite extends Suite {
  readonly stratify?: readonly Stratum[];
}

/** Samples whose feeds are kept for timing and for looking inside the models. */
const KEPT_SAMPLES = 64;
const TIMED_SAMPLES = 16;

/** What a suite names, measured, with how many samples there were and the feeds of the first of them. */
export interface MeasuredData extends Measurements {
  readonly samples: number;
  readonly feeds: readonly NamedTensors[];
}

/** Measures all that a suite names, in one pass over its data and some shorter ones. */
export async function measureSuite(
  suite: MeasuredSuite,
  job: CheckJob,
  context: CommandContext,
): Promise<MeasuredData> {
  using session = await openQuantized(job.quantized.model, job, context);
  using original = await open(job.original.model, job, context);
  const dataset = await openSuiteData(suite, job.original.model);
  const ranges = await activationRanges(job.quantized.model.graph, job.original.model.graph);
  const seen = new SeenSamples(ranges);
  const scores = await scoreSuite(suite, session, original, dataset, seen, context);
  const performance = await comparePerformance(job, [session, original], seen.feeds, context);
  const stability = await measureStability(job, [session, original], ranges, seen, context);
  return { ...scores, performance, stability, samples: seen.count, feeds: seen.feeds };
}

function openSuiteData(
  { data, seed = 1, preprocess, samples, label, stratify }: MeasuredSuite,
  model: Model,
): Promise<Dataset> {
  return openData(data, inputSpecs(model.graph), {
    seed,
    ...(preprocess === undefined ? {} : { preprocess }),
    ...(samples === undefined ? {} : { samples }),
    ...(label === undefined ? {} : { label }),
    ...(stratify === undefined ? {} : { stratify }),
  });
}

/** Opens a model for a check. */
export function open(
  model: Model,
  { backend, threads }: CheckJob,
  context: CommandContext,
  options: { readonly taps?: readonly string[]; readonly threads?: number } = {},
): Promise<Session> {
  return openFastSession(model, {
    backend,
    notice: (line) => context.output.notice(line),
    ...(threads === undefined ? {} : { threads }),
    ...options,
  });
}

/** Opens a model that was made from the original so that it takes and gives what that does. */
export async function openQuantized(
  model: Model,
  job: CheckJob,
  context: CommandContext,
  options: { readonly taps?: readonly string[]; readonly threads?: number } = {},
): Promise<Session> {
  const session = await open(model, job, context, options);
  try {
    return await withFloatPorts(session, model, job.original.model.graph);
  } catch (error) {
    session.dispose();
    throw error;
  }
}

async function scoreSuite(
  suite: Suite,
  session: Session,
  originalSession: Session,
  dataset: Dataset,
  seen: SeenSamples,
  context: CommandContext,
): Promise<Pick<Measurements, 'evaluations' | 'fidelity' | 'scored' | 'original'>> {
  const metrics = metricsOf(suite);
  const segmentations = segmentationsOf(suite);
  const judged = new Set((suite.fidelity ?? []).flatMap(({ segments = [] }) => segments));
  const { scored, original, fidelity } = await withProgress(context, 'scoring', dataset.size, (progress) =>
    scoreModels(session, seen.watch(interruptible(dataset.samples(), context.signal)), {
      metrics,
      original: originalSession,
      fidelity: fidelityMetrics,
      segmentations: segmentations.filter((each) => byColumn(each) || judged.has(each.spec)),
      signal: context.signal,
      onSample: (count) => progress.update(count),
      ...(suite.output === undefined ? {} : { outputName: suite.output }),
      ...(suite.transform === undefined ? {} : { transform: suite.transform }),
    }),
  );
  const first = metrics[0]?.name ?? '';
  return {
    evaluations: metrics.map((metric) =>
      evaluate(metric, scored.get(metric.name) ?? [], { original: original.get(metric.name), segmentations }),
    ),
    fidelity: evaluateFidelity(fidelity, segmentations, (line) => context.output.notice(line), judged),
    scored: scored.get(first) ?? [],
    original: original.get(first) ?? [],
  };
}

/** Sizes, times and peak memory of both models; times are taken in turns. */
export async function comparePerformance(
  { quantized, original, backend, skipMemory }: CheckJob,
  sessions: readonly Session[],
  feeds: readonly NamedTensors[],
  context: CommandContext,
): Promise<PerformanceComparison> {
  const timed = feeds.slice(0, TIMED_SAMPLES);
  const latencies = await withProgress(context, 'timing', undefined, () =>
    measureLatency(sessions, timed, undefined, { signal: context.signal }),
  );
  const notice = (line: string): void => context.output.notice(line);
  const of = async ({ file, model }: ModelFile, index: number) => {
    const latency = latencies[index];
    if (!latency) throw new RangeError('every session was timed');
    const peakMemory = skipMemory ? null : await measurePeakMemory(file, backend, notice, context.signal);
    return { bytes: await sizeOnDisk(file, model), latency, peakMemory };
  };
  return { quantized: await of(quantized, 0), original: await of(original, 1) };
}

/** What a pass over the data leaves for later: some feeds, the ranges of the inputs, samples beyond calibration. */
export class SeenSamples {
  readonly feeds: NamedTensors[] = [];
  readonly inputRanges = new Map<string, RealRange>();
  readonly outOfRange: OutOfRangeSamples;
  count = 0;

  constructor(ranges: readonly ActivationRange[]) {
    this.outOfRange = new OutOfRangeSamples(ranges);
    for (const { value, range } of ranges) this.inputRanges.set(value, range);
  }

  async *watch(samples: AsyncIterable<Sample>): AsyncGenerator<Sample> {
    for await (const sample of samples) {
      this.count++;
      this.outOfRange.add(sample);
      if (this.feeds.length < KEPT_SAMPLES) this.feeds.push(sample.feeds);
      yield sample;
    }
  }
}
