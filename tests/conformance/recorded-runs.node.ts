import { appendFileSync, readFileSync } from 'node:fs';
import { tabulate } from './evidence.js';

/** Element types of first operands by op: of what ran on the reference backend, and of what native kernels ran. */
export interface RecordedRuns {
  readonly dtypes: Readonly<Record<string, readonly string[]>>;
  readonly native: Readonly<Record<string, readonly string[]>>;
}

type Types = readonly (readonly [op: string, dtype: string])[];

const file = process.env['OCTAVO_RECORDED_RUNS'];

/** Notes what a graph ran whose outputs the test compares, where `npm run operators` asks for that. */
export function recordRun(kind: keyof RecordedRuns, types: Types): void {
  if (file) appendFileSync(file, `${JSON.stringify([kind, types])}\n`);
}

/** What was noted; undefined where nobody asked for it. */
export function recordedRuns(): RecordedRuns | undefined {
  if (!file) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const runs: [keyof RecordedRuns, Types][] = lines.map((line) => JSON.parse(line));
  const of = (kind: keyof RecordedRuns) =>
    tabulate(runs.flatMap(([each, types]) => (each === kind ? types : [])));
  return { dtypes: of('dtypes'), native: of('native') };
}
