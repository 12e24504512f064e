import {
  activationRanges,
  type EdgeCaseResult,
  type Evaluation,
  evaluate,
  type FidelityMetric,
  fidelityMetrics,
  type Metric,
  type ModelScores,
  type OutOfRangeSample,
  type OutputTransform,
  type PerformanceComparison,
  scoreModels,
  type WorstSample,
  worstSamples,
} from '@octavo/evaluation';
import { type CommandContext, interruptible, withProgress } from '../cli/context.js';
import { byColumn, type NamedSegmentation } from '../cli/judging.js';
import { type DataFlags, inputSpecs, openData } from '../cli/open-data.js';
import type { BackendName } from '../sessions.js';
import { evaluateFidelity } from './evaluate-fidelity.js';
import { tryEdgeCases } from './measure-stability.js';
import {
  type CheckJob,
  comparePerformance,
  type ModelFile,
  open,
  openQuantized,
  SeenSamples,
} from './measure-suite.js';

/** How a model does beside the one that it was made from. */
export interface SideBySide extends Evaluation {
  /** Of the outputs against the original's: SQNR, cosine, KL divergence, overall and by segment. */
  readonly fidelity: readonly Evaluation[];
  /** Samples that lost most; of a model alone, those of the largest errors. */
  readonly worst: readonly WorstSample[];
  readonly performance: PerformanceComparison;
  readonly edgeCases: readonly EdgeCaseResult[];
  /** Samples whose inputs leave the calibrated range farthest. */
  readonly outOfRange: readonly OutOfRangeSample[];
}

/** What to score by, on what, and where. */
export interface SideBySideOptions extends DataFlags {
  readonly data: string;
  /** Against labels, or against the original's outputs. */
  readonly metric: Metric | FidelityMetric;
  readonly outputName?: string;
  readonly transform: OutputTransform;
  readonly segment: readonly NamedSegmentation[];
  readonly backend: BackendName;
  readonly threads?: number;
  readonly memory: boolean;
}

/**
 * Scores both models in one pass over the data, times them in turns and tries edge cases. Full-integer models get the real
 * numbers that the original takes. Throws as datasets, sessions, `scoreModels` and `evaluate` do.
 */
export async function evaluateSideBySide(
  quantized: ModelFile,
  original: ModelFile,
  options: SideBySideOptions,
  context: CommandContext,
): Promise<SideBySide> {
  const { metric, segment: segmentations, backend, threads, memory, outputName, transform } = options;
  const job: CheckJob = {
    quantized,
    original,
    backend,
    skipMemory: !memory,
    ...(threads === undefined ? {} : { threads }),
  };
  using session = await openQuantized(quantized.model, job, context);
  using originalSession = await open(original.model, job, context);
  const dataset = await openData(options.data, inputSpecs(original.model.graph), options);
  const seen = new SeenSamples(await activationRanges(quantized.model.graph, original.model.graph));
  const scores = await withProgress(context, 'scoring', dataset.size, (progress) =>
    scoreModels(session, seen.watch(interruptible(dataset.samples(), context.signal)), {
      metrics: 'compare' in metric ? [] : [metric],
      original: originalSession,
      fidelity: fidelityMetrics,
      transform,
      // By a closeness, labels divide too.
      segmentations: 'compare' in metric ? segmentations : segmentations.filter(byColumn),
      signal: context.signal,
      onSample: (count) => progress.update(count),
      ...(outputName === undefined ? {} : { outputName }),
    }),
  );
  // By a closeness, the segments asked for are its own.
  const demanded = new Set('compare' in metric ? segmentations.map(({ spec }) => spec) : []);
  const notice = (line: string): void => context.output.notice(line);
  const fidelity = evaluateFidelity(scores.fidelity, segmentations, notice, demanded);
  return {
    ...judge(metric, scores, fidelity, segmentations),
    fidelity,
    performance: await comparePerformance(job, [session, originalSession], seen.feeds, context),
    edgeCases: await tryEdgeCases([session, originalSession], seen),
    outOfRange: seen.outOfRange.list(),
  };
}

/** The figures of the metric asked for, and the samples that do worst by it. */
function judge(
  metric: Metric | FidelityMetric,
  { scored, original, fidelity: compared }: ModelScores,
  fidelity: readonly Evaluation[],
  segmentations: readonly NamedSegmentation[],
): Evaluation & Pick<SideBySide, 'worst'> {
  const closeness = fidelity.find((each) => each.metric === metric.name);
  if (closeness) return { ...closeness, worst: worstSamples(metric, compared.get(metric.name) ?? []) };
  const [own, before] = [scored.get(metric.name) ?? [], original.get(metric.name) ?? []];
  return {
    ...evaluate(metric, own, { original: before, segmentations }),
    worst: worstSamples(metric, own, { original: before }),
  };
}
