import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Comparison, percent } from '@octavo/evaluation';
import type { Attempt, AutoResult } from '@octavo/quantizer';
import { env } from 'onnxruntime-node';
import type { LabelledModel } from './real-model.js';

/** What the automatic search found for one model, and how its choice does on samples that the search never saw. */
export interface AutoRow {
  readonly model: LabelledModel;
  readonly result: AutoResult;
  /** Samples that every attempt was judged on. */
  readonly validation: number;
  readonly heldOut: Comparison;
  readonly heldOutSamples: number;
}

const FILE = fileURLToPath(new URL('../../bench/results/auto.md', import.meta.url));

/** Writes what was chosen for each model, and every attempt. */
export async function writeAutoResults(
  rows: readonly AutoRow[],
  { minRetention, threads }: { readonly minRetention: number; readonly threads: number },
): Promise<void> {
  const introduction = `# The automatic search on labelled public models

Written by \`npm run test:real\` when every model ran: \`quantize --mode auto --min-retention ${minRetention}\` on ${cpus()[0]?.model.trim() ?? 'an unknown CPU'}
(${process.arch}, ${cpus().length} cores), timed in turns with the original on onnxruntime-node ${env.versions.node ?? '(unknown version)'}, threads: ${threads}. The search is promised to keep ${percent(minRetention)} of the
metric on its validation samples, and the test fails where it does not, or where the lower end of the 95% interval of what is lost on
samples that it never saw passes the rest. Time and size are relative to the original.

| model | metric | validation samples | chosen | time | size | retention | held-out samples | retention there | drop there (95% interval) | warnings |
|---|---|---:|---|---:|---:|---:|---:|---:|---:|---|
`;
  const attempts = `
Every attempt, in order; the one in bold was chosen:

| model | method | with | outcome | retention | drop (95% interval) | time | size | because |
|---|---|---|---|---:|---:|---:|---:|---|
`;
  const table = (cells: readonly string[][]): string =>
    cells.map((row) => `| ${row.join(' | ')} |\n`).join('');
  await writeFile(
    FILE,
    introduction +
      table(rows.map(choiceCells)) +
      attempts +
      table(rows.flatMap((row) => row.result.attempts.map((attempt) => attemptCells(row, attempt)))),
  );
}

function choiceCells({ model, result, validation, heldOut, heldOutSamples }: AutoRow): string[] {
  const { choice, original } = result;
  if (!choice) throw new Error(`${model.name} has a choice`);
  const { rung, label, figures } = choice.attempt;
  return [
    model.name,
    (model.judge ?? model.metric).name,
    String(validation),
    `${rung}, ${label}`,
    ratioText(figures.latency[0]?.ratio),
    ratioText(figures.bytes / original.bytes),
    percent(figures.retention),
    String(heldOutSamples),
    percent(heldOut.retention),
    dropText(heldOut),
    result.warnings.join(' '),
  ];
}

function attemptCells({ model, result }: AutoRow, attempt: Attempt): string[] {
  const { rung, label, outcome, because, undecided, figures } = attempt;
  const isChosen = figures !== undefined && figures === result.choice?.attempt.figures;
  const compared = figures?.quality.original;
  return [
    model.name,
    isChosen ? `**${rung}**` : rung,
    label,
    outcome,
    figures ? percent(figures.retention) : '',
    compared ? dropText(compared) : '',
    ratioText(figures?.latency[0]?.ratio),
    ratioText(figures && figures.bytes / result.original.bytes),
    because ?? (undecided === undefined ? '' : 'too few samples to be certain'),
  ];
}

function dropText({ drop, interval }: Comparison): string {
  return `${percent(drop)} (${percent(interval.low)} .. ${percent(interval.high)})`;
}

function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '' : `${ratio.toFixed(2)}x`;
}
