import { type Graph, runPasses } from '@octavo/core/ir';
import { foldQdq, materializeQoperator } from '@octavo/passes';
import type { ReportBuilder } from './report.js';

/** Turns the Q/DQ pairs of a graph into integer ops; the report names the nodes that keep their pairs, with reasons. */
export async function writeQoperator(graph: Graph, report: ReportBuilder): Promise<void> {
  const [, written] = await runPasses(graph, [foldQdq, materializeQoperator]);
  for (const { place, reason } of written?.declined ?? [])
    report.warnings.push(`${place} keeps its Q/DQ pairs: ${reason}.`);
}
