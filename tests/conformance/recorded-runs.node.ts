import { appendFileSync, readFileSync } from 'node:fs';
import { createModel, type Graph } from '@octavo/core/ir';
import { cpu } from '@octavo/cpu';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import { nativeTypes, operandTypes, tabulate } from './evidence.js';

/** Element types of first operands by op: of what ran on the reference backend, and of what native kernels take. */
export interface RecordedRuns {
  readonly dtypes: Readonly<Record<string, readonly string[]>>;
  readonly native: Readonly<Record<string, readonly string[]>>;
}

const file = process.env['OCTAVO_RECORDED_RUNS'];

type Line = readonly (readonly [op: string, dtype: string])[];

/** Notes the ops of a graph that ran, where `npm run operators` asks for that. */
export async function recordRun(graph: Graph): Promise<void> {
  if (!file) return;
  using session = await createSession(createModel(graph), { backends: [cpu(), reference()] });
  appendFileSync(file, `${JSON.stringify([operandTypes(graph), nativeTypes(graph, session)])}\n`);
}

/** What was noted; undefined where nobody asked for it. */
export function recordedRuns(): RecordedRuns | undefined {
  if (!file) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const runs: [Line, Line][] = lines.map((line) => JSON.parse(line));
  return {
    dtypes: tabulate(runs.flatMap(([ran]) => ran)),
    native: tabulate(runs.flatMap(([, native]) => native)),
  };
}
