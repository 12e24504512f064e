import { type Graph, type Pass, runPasses } from '@octavo/core/ir';
import type { ReportBuilder } from './report.js';

/** Runs passes and writes what they did into the report. */
export async function runAll(graph: Graph, passes: readonly Pass[], report: ReportBuilder): Promise<void> {
  for (const record of await runPasses(graph, passes)) {
    for (const fired of record.fired) report.preparation.push(`${record.pass}: ${fired.place}`);
  }
}
