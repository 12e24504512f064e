import { cloneModel, inferTypes } from '@octavo/core/ir';
import {
  type ActivationRange,
  compareLayers,
  edgeCases,
  findDeviations,
  type LayerComparison,
  measureActivations,
  measureWeights,
  type NamedSession,
  pairValues,
  runEdgeCases,
  type StabilityFigures,
} from '@octavo/evaluation';
import { prepareModel } from '@octavo/quantizer';
import type { Session } from '@octavo/runtime';
import { type CommandContext, checkpoint, withProgress } from '../cli/context.js';
import { type CheckJob, open, openQuantized, type SeenSamples } from './measure-suite.js';

/** Thread counts that must give equal bits. */
const THREADS = [1, 2];

/** Samples that determinism is tried on. */
const REPEATED_SAMPLES = 4;

/** Both models, open on the same ports. */
export type ComparedSessions = readonly [quantized: Session, original: Session];

/** Looks inside both models on the samples kept. */
export async function measureStability(
  job: CheckJob,
  sessions: ComparedSessions,
  ranges: readonly ActivationRange[],
  seen: SeenSamples,
  context: CommandContext,
): Promise<StabilityFigures> {
  return await withProgress(context, 'looking inside', seen.feeds.length, async () => {
    const inside = await lookInside(job, ranges, seen, context);
    await checkpoint(context.signal);
    return {
      ...inside,
      weights: await measureWeights(job.quantized.model, job.original.model.graph),
      deviations: await deviations(job, seen, context),
      edgeCases: await tryEdgeCases(sessions, seen),
      outOfRange: seen.outOfRange.list(),
    };
  });
}

async function lookInside(
  job: CheckJob,
  ranges: readonly ActivationRange[],
  { feeds }: SeenSamples,
  context: CommandContext,
): Promise<Pick<StabilityFigures, 'activations' | 'layers'>> {
  const original = cloneModel(job.original.model);
  await prepareModel(original);
  const quantized = cloneModel(job.quantized.model);
  inferTypes(quantized.graph);
  const pairs = pairValues(original.graph, quantized.graph);
  const known = ranges.filter(({ value }) => original.graph.value(value));
  const taps = [...new Set([...pairs.map(({ value }) => value), ...known.map(({ value }) => value)])];
  using left = await open(original, job, context, { taps });
  using right = await openQuantized(quantized, job, context, {
    taps: [...new Set(pairs.map(({ quantizedValue }) => quantizedValue))],
  });
  const layers: LayerComparison[] = await compareLayers(pairs, left, right, feeds);
  return { layers, activations: await measureActivations(known, left, feeds) };
}

async function deviations(
  job: CheckJob,
  { feeds }: SeenSamples,
  context: CommandContext,
): Promise<StabilityFigures['deviations']> {
  const sessions: NamedSession[] = [];
  try {
    for (const threads of THREADS) {
      const session = await openQuantized(job.quantized.model, job, context, { threads });
      sessions.push({ name: `${threads} threads`, session });
    }
    return await findDeviations(sessions, feeds.slice(0, REPEATED_SAMPLES));
  } finally {
    for (const { session } of sessions) session.dispose();
  }
}

/** Runs both models on extremes, zeros, inputs beyond the range, NaN and infinities. */
export async function tryEdgeCases(
  [quantized, original]: ComparedSessions,
  { feeds: [example], inputRanges }: Pick<SeenSamples, 'feeds' | 'inputRanges'>,
): Promise<StabilityFigures['edgeCases']> {
  if (!example) return [];
  return await runEdgeCases(edgeCases(example, inputRanges), original, quantized);
}
