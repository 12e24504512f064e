import type { Graph, Pass } from '@octavo/core/ir';
import { GraphError } from '@octavo/core/tensor';
import { FoldingWork, foldConstants, raiseOpset } from '@octavo/passes';
import { reference } from '@octavo/reference';
import { evaluateOn } from '@octavo/runtime';
import { forEachGraph, type GraphJob } from './each-graph.js';
import type { Recipe } from './recipe.js';
import type { ReportBuilder } from './report.js';
import { runAll } from './run-passes.js';

/**
 * Makes a prepared graph and those inside it ready to be rewritten: what the ones inside compute of constants of those around them
 * becomes constant, and the opset is raised to the highest that any of them needs.
 * @param requiredOpset The least opset of what will be written into one of the graphs.
 */
export async function raiseGraphs(
  graph: Graph,
  recipe: Recipe,
  requiredOpset: (job: GraphJob) => number,
  report: ReportBuilder,
): Promise<void> {
  using backend = reference();
  const work = new FoldingWork();
  // Graphs inside compute with constants of those around them.
  work.begin(graph);
  const fold = foldConstants({ evaluate: evaluateOn(backend), work });
  let opset = 1;
  await forEachGraph(graph, recipe, async (job) => {
    if (job.isInside) await foldInside(job.graph, fold, report);
    opset = Math.max(opset, requiredOpset(job));
  });
  await runAll(graph, [raiseOpset(opset)], report);
}

async function foldInside(graph: Graph, fold: Pass, report: ReportBuilder): Promise<void> {
  try {
    await runAll(graph, [fold], report);
  } catch (error) {
    // A branch that does not fit what it captures may never be taken.
    if (!(error instanceof GraphError) || error.code !== 'INFER_TYPES') throw error;
  }
}
