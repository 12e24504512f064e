import { type Graph, inferTypes, type Model, type PassRecord, runPasses, type Value } from '@octavo/core/ir';
import {
  absorbBlockWeights,
  channelsFirst,
  eliminateDeadNodes,
  FoldingWork,
  foldQdq,
  inlineBranches,
  inlineFunctions,
  liftConstants,
  raiseQoperator,
  standardizeContribToRun,
  standardizeLegacy,
} from '@octavo/passes';
import { evaluateOnReference } from './evaluate-on-reference.js';

/** A lowered graph, what was done to it, and what that took of the work that folding may do. */
export interface LoweredGraph {
  readonly graph: Graph;
  readonly passes: readonly PassRecord[];
  readonly work: FoldingWork;
}

/**
 * Makes the graph of a model the canonical one that backends see: functions inlined, constants folded, Q/DQ pairs and
 * QLinear ops turned into ops on quantized types. `taps` keep their values alive.
 */
export async function lower(model: Model, taps: readonly string[]): Promise<LoweredGraph> {
  inlineFunctions(model);
  const { graph } = model;
  const work = new FoldingWork();
  const passes = await withTaps(graph, taps, async () => {
    const folding = { evaluate: evaluateOnReference(), work };
    return runPasses(graph, [
      liftConstants,
      standardizeContribToRun,
      standardizeLegacy,
      channelsFirst,
      inlineBranches(folding),
      raiseQoperator,
      foldQdq,
      absorbBlockWeights,
      eliminateDeadNodes,
    ]);
  });
  inferTypes(graph);
  return { graph, passes, work };
}

/** Works on a graph whose tapped values count as outputs meanwhile, so that no pass removes them. */
export async function withTaps<T>(graph: Graph, taps: readonly string[], work: () => Promise<T>): Promise<T> {
  const { length } = graph.outputs;
  const tapped = taps.map((name) => graph.value(name)).filter((value): value is Value => value !== undefined);
  graph.outputs = [...graph.outputs, ...tapped];
  try {
    return await work();
  } finally {
    graph.outputs = graph.outputs.slice(0, length);
  }
}
