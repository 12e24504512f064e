import type { Stratum } from '@octavo/datasets';
import {
  type Evaluation,
  type Measurements,
  metricsOf,
  type OutputTransform,
  type WorstSample,
  worstSamples,
} from '@octavo/evaluation';
import { explainLayers, type LayerExplanation } from '@octavo/quantizer';
import type { NamedTensors } from '@octavo/runtime';
import {
  type CheckJob,
  type MeasuredSuite,
  measureSuite,
  open,
  openQuantized,
} from '../check/measure-suite.js';
import { type CommandContext, withProgress } from '../cli/context.js';

/** Two models measured side by side, for a report. */
export interface MeasuredModels extends Pick<Measurements, 'fidelity' | 'performance' | 'stability'> {
  readonly data: string;
  readonly samples: number;
  /** Against labels, overall and by segment; none without a metric. */
  readonly evaluations: readonly Evaluation[];
  /** Samples that lost most by the metric. */
  readonly worst: readonly WorstSample[];
  /** Why layers lose accuracy; those that add most noise first. */
  readonly explanations: readonly LayerExplanation[];
}

/** What a report is measured on, as flags say it. */
export interface ReportData {
  readonly data: string;
  readonly preprocess?: string | undefined;
  readonly samples?: number | undefined;
  readonly stratify?: readonly Stratum[] | undefined;
  readonly seed: number;
  readonly label?: string | undefined;
  readonly metric?: string | undefined;
  readonly segments: readonly string[];
  readonly transform: OutputTransform;
  readonly outputName?: string | undefined;
}

/** Samples that layers are explained on. */
const EXPLAINED_SAMPLES = 32;

/** Measures all that a report shows. */
export async function measureModels(
  settings: ReportData,
  job: CheckJob,
  context: CommandContext,
): Promise<MeasuredModels> {
  const suite = suiteOf(settings);
  const { scored, original, feeds, ...measured } = await measureSuite(suite, job, context);
  const [metric] = metricsOf(suite);
  return {
    data: settings.data,
    ...measured,
    worst: metric ? worstSamples(metric, scored, { original }) : [],
    explanations: await explain(feeds.slice(0, EXPLAINED_SAMPLES), job, context),
  };
}

function suiteOf({ data, metric, segments, outputName, ...settings }: ReportData): MeasuredSuite {
  const { preprocess, samples, stratify, seed, label, transform } = settings;
  return {
    data,
    seed,
    transform,
    segments: [...segments],
    ...(metric === undefined ? {} : { metrics: [metric] }),
    ...(preprocess === undefined ? {} : { preprocess }),
    ...(samples === undefined ? {} : { samples }),
    ...(stratify === undefined ? {} : { stratify }),
    ...(label === undefined ? {} : { label }),
    ...(outputName === undefined ? {} : { output: outputName }),
  };
}

async function explain(
  kept: readonly NamedTensors[],
  job: CheckJob,
  context: CommandContext,
): Promise<LayerExplanation[]> {
  const { original, quantized } = job;
  const samples = kept.map((feeds) => ({ feeds }));
  return await withProgress(context, 'explaining', undefined, (progress) =>
    explainLayers(original.model, quantized.model, samples, {
      createSession: (model, { taps }) => open(model, job, context, { taps }),
      openQuantized: (model, { taps }) => openQuantized(model, job, context, { taps }),
      signal: context.signal,
      onSample: (seen) => progress.update(seen),
    }),
  );
}
