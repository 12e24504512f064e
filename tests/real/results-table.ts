import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Figure } from '@octavo/evaluation';
import { env } from 'onnxruntime-node';
import type { Agreement } from './agreement.js';
import type { RunMode } from './quantized-runs.js';
import type { LabelledModel, QuantizedModel } from './real-model.js';

/** What every quantized model has in the table. */
interface Result<M extends QuantizedModel> {
  readonly model: M;
  readonly mode: RunMode;
  /** Ours against onnxruntime, or which op ours lacks. */
  readonly runtimes: Agreement | string;
  /** Bytes of the quantized file over those of the original. */
  readonly size: number;
  readonly note: string;
}

export interface LabelledResult extends Result<LabelledModel> {
  readonly figure: Figure;
}

export interface UnlabelledResult extends Result<QuantizedModel> {
  /** Of the quantized outputs against the float ones, in dB. */
  readonly sqnr: number;
  readonly samples: number;
}

const FILE = fileURLToPath(new URL('../../bench/results/real-models.md', import.meta.url));

const INTRODUCTION = `# Public models in INT8 and INT4

Written by \`npm run test:real\` when every model ran, on ${cpus()[0]?.model.trim() ?? 'an unknown CPU'} (${process.arch}) with
onnxruntime-node ${env.versions.node ?? '(unknown version)'}. Float and quantized files are scored by onnxruntime on the same samples, all there are; static
files without its fusions, whose 8-bit products saturate on processors without VNNI. Weight-only is INT4 in blocks of 32.
The drop is in points for shares and relative for errors (median-ape, nll), with its 95% interval over paired samples; the
test fails when the lower end of static INT8 or of INT4 passes the limit. "Labels: float model" means that nobody labelled the data:
the figure is agreement with the float model's own decisions, and static INT8 also fails below an F1 of 95%. "Ours" runs the same quantized file on our sessions and
compares with onnxruntime: equal decisions, SQNR of the worst output, samples. What \`--mode auto\` chooses for each labelled model: [auto.md](auto.md).

`;

const LABELLED = `| model | mode | observer | calibrated on | labels | samples | metric | float | quantized | drop (95% interval) | limit | size | ours | note |
|---|---|---|---|---|---:|---|---:|---:|---:|---:|---:|---|---|
`;

const UNLABELLED = `
Models without labels or reference outputs, compared with their float form only:

| model | mode | calibrated on | samples | SQNR against float | size | ours | note |
|---|---|---|---:|---:|---:|---|---|
`;

/** Writes both tables. */
export async function writeResults(
  labelled: readonly LabelledResult[],
  unlabelled: readonly UnlabelledResult[],
): Promise<void> {
  const table = (rows: readonly string[][]): string => rows.map((row) => `| ${row.join(' | ')} |\n`).join('');
  await writeFile(
    FILE,
    INTRODUCTION +
      LABELLED +
      table(labelled.map(labelledCells)) +
      UNLABELLED +
      table(unlabelled.map(unlabelledCells)),
  );
}

/** Largest drop that passes; undefined where none is too large. */
export function limitOf({ largestDrop, largestInt4Drop }: LabelledModel, mode: RunMode): number | undefined {
  if (mode === 'static') return largestDrop;
  return mode === 'weight-only' ? largestInt4Drop : undefined;
}

const percent = (value: number): string => `${(100 * value).toFixed(2)}%`;

function labelledCells({ model, mode, figure, runtimes, size, note }: LabelledResult): string[] {
  const { metric, labels } = model;
  const limit = limitOf(model, mode);
  const show = (value: number): string => (metric.unit === '%' ? percent(value) : value.toFixed(4));
  const { value, drop, interval } = originalOf(figure);
  return [
    model.name,
    mode,
    mode === 'static' ? (model.static.observer ?? 'minmax') : '',
    mode === 'static' ? model.calibratedOn : '',
    labels,
    String(figure.count),
    metric.name,
    show(value),
    show(figure.value),
    `${percent(drop)} (${percent(interval.low)} .. ${percent(interval.high)})`,
    limit === undefined ? '' : percent(limit),
    `${size.toFixed(2)}x`,
    describeRuntimes(runtimes),
    note,
  ];
}

function unlabelledCells(result: UnlabelledResult): string[] {
  const { model, mode, sqnr, samples, runtimes, size, note } = result;
  return [
    model.name,
    mode,
    mode === 'static' ? model.calibratedOn : '',
    String(samples),
    decibels(sqnr),
    `${size.toFixed(2)}x`,
    describeRuntimes(runtimes),
    note,
  ];
}

/** The comparison that every scored INT8 model has. */
export function originalOf(figure: Figure): NonNullable<Figure['original']> {
  if (!figure.original) throw new Error('the figure was compared with the float model');
  return figure.original;
}

function describeRuntimes(runtimes: Agreement | string): string {
  if (typeof runtimes === 'string') return runtimes;
  const { sameTop, sqnr, samples } = runtimes;
  return `${sameTop === undefined ? '' : `${(100 * sameTop).toFixed(1)}%, `}${decibels(sqnr)} (${samples})`;
}

function decibels(sqnr: number): string {
  return sqnr === Number.POSITIVE_INFINITY ? 'equal' : `${sqnr.toFixed(0)} dB`;
}
