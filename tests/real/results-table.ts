import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Figure, Metric } from '@octavo/evaluation';
import type { Agreement } from './agreement.js';

export interface ResultRow {
  readonly model: string;
  readonly mode: string;
  readonly observer: string;
  readonly metric?: Metric;
  readonly figure?: Figure;
  /** Ours against onnxruntime, or why ours cannot run it. */
  readonly runtimes?: Agreement | string;
  readonly sizes?: { readonly before: number; readonly after: number };
  /** Seconds that calibration and quantization took. */
  readonly seconds?: number;
  readonly note: string;
}

const FILE = fileURLToPath(new URL('../../bench/results/real-models.md', import.meta.url));

const HEADER = `# Public models in INT8

Written by \`npm run test:real\`. Accuracy of the float and of the quantized file on onnxruntime-node, on the same labelled
samples; the drop is in points (scores) or relative (errors), with its 95% interval over paired samples. "Ours" compares our
sessions with onnxruntime on the same quantized file: top-1 agreement and SQNR.

| model | mode | observer | samples | metric | float | INT8 | drop (95% interval) | size | seconds | ours |
|---|---|---|---:|---|---:|---:|---|---:|---:|---|
`;

/** Writes the table that the tests measured. */
export async function writeResults(rows: readonly ResultRow[]): Promise<void> {
  await writeFile(FILE, HEADER + rows.map((row) => `| ${cells(row).join(' | ')} |\n`).join(''));
}

function cells(row: ResultRow): string[] {
  const { metric, figure, sizes } = row;
  const { original } = figure ?? {};
  if (!metric || !figure || !original || !sizes)
    return [row.model, row.mode, row.observer, '', '', '', '', row.note, '', '', ''];
  const percent = (value: number): string => `${(100 * value).toFixed(2)}%`;
  const show = (value: number): string => (metric.unit === '%' ? percent(value) : value.toFixed(4));
  return [
    row.model,
    row.mode,
    row.observer,
    String(figure.count),
    metric.name,
    show(original.value),
    show(figure.value),
    `${percent(original.drop)} (${percent(original.interval.low)} .. ${percent(original.interval.high)})`,
    `${(sizes.after / sizes.before).toFixed(2)}x`,
    (row.seconds ?? 0).toFixed(1),
    describeRuntimes(row.runtimes),
  ];
}

function describeRuntimes(runtimes: ResultRow['runtimes']): string {
  if (!runtimes || typeof runtimes === 'string') return runtimes ?? '';
  const sqnr = Number.isFinite(runtimes.sqnr) ? `${runtimes.sqnr.toFixed(0)} dB` : 'equal';
  return `${(100 * runtimes.sameTop).toFixed(0)}%, ${sqnr} (${runtimes.samples})`;
}
