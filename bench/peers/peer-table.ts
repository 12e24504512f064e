import { cpus } from 'node:os';
import type { Figure, Summary } from '@octavo/evaluation';
import type { Cost } from './quantizer.js';

/** One quantizer on one model: its cost and the accuracy of what it wrote, or why there is none. */
export type Attempt = (Cost & { readonly figure: Figure }) | { readonly failure: string };

export interface PeerRow {
  readonly model: string;
  readonly mode: string;
  readonly metric: Summary;
  readonly ours: Attempt;
  readonly theirs: Attempt;
  /** Ours against theirs on the same samples: positive where ours is worse, with its 95% interval. */
  readonly against?: Figure['original'];
}

const percent = (value: number): string => `${(100 * value).toFixed(2)}%`;

/** Markdown with a row a model and mode, and the means. */
export function peerTable(rows: readonly PeerRow[]): string {
  return `# Public models: Octavo and onnxruntime's quantizer

Written by \`npm run bench:peers\` on ${cpus()[0]?.model.trim() ?? 'an unknown CPU'}. Both quantize the same float file with the same
calibration samples in a process of their own: ours with the recipe of \`npm run test:real\`, onnxruntime.quantization as its
documentation recommends (pre-processing, QDQ, uint8 activations, int8 weights per channel, min-max). Both results are scored on
all samples by onnxruntime-node with exact products. A drop is against the float model, in points for shares and relative for
errors; "ours worse by" compares the two results on the same samples, with its 95% interval. Seconds are from the model's
file to the quantized one; memory is the peak resident set of the process.

| model | mode | metric | drop, ours | drop, onnxruntime | ours worse by | seconds | | MiB | |
|---|---|---|---:|---:|---:|---:|---:|---:|---:|
${rows.map((row) => `| ${cells(row).join(' | ')} |`).join('\n')}

${summary(rows)}
`;
}

function cells({ model, mode, metric, ours, theirs, against }: PeerRow): string[] {
  const drop = (attempt: Attempt): string =>
    'failure' in attempt
      ? `failed: ${attempt.failure}`
      : percent(attempt.figure.original?.drop ?? Number.NaN);
  const value = (attempt: Attempt, of: (cost: Cost) => string): string =>
    'failure' in attempt ? '' : of(attempt);
  const interval = against
    ? `${percent(against.drop)} (${percent(against.interval.low)} .. ${percent(against.interval.high)})`
    : '';
  const seconds = (cost: Cost): string => cost.seconds.toFixed(2);
  const memory = (cost: Cost): string => cost.peakMiB.toFixed(0);
  return [
    model,
    mode,
    metric.name,
    drop(ours),
    drop(theirs),
    interval,
    value(ours, seconds),
    value(theirs, seconds),
    value(ours, memory),
    value(theirs, memory),
  ];
}

function summary(rows: readonly PeerRow[]): string {
  const both = rows.flatMap(({ ours, theirs, against }) =>
    'failure' in ours || 'failure' in theirs || !against ? [] : [{ ours, theirs, against }],
  );
  const worse = both.filter(({ against }) => against.interval.low > 0).length;
  const better = both.filter(({ against }) => against.interval.high < 0).length;
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const geometric = (values: readonly number[]): string => Math.exp(mean(values.map(Math.log))).toFixed(2);
  const drop = (side: 'ours' | 'theirs'): string =>
    percent(mean(both.map((row) => row[side].figure.original?.drop ?? 0)));
  return `Over the ${both.length} rows that both give: mean drop ${drop('ours')} against ${drop('theirs')}; ours significantly worse on ${worse}, better on ${better}.
Geometric means of ours over theirs: seconds ${geometric(both.map(({ ours, theirs }) => ours.seconds / theirs.seconds))}, memory ${geometric(both.map(({ ours, theirs }) => ours.peakMiB / theirs.peakMiB))}.`;
}
