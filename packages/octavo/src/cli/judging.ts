import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import { type Dataset, memoryDataset } from '@octavo/datasets';
import {
  fidelityMetrics,
  metricNamed,
  metrics,
  type OutputTransform,
  outputTransforms,
  parseSegmentation,
  type Segmentation,
} from '@octavo/evaluation';
import { type Judge, judgeOf, type SessionFactory } from '@octavo/quantizer';
import { InvalidArgumentError, Option } from 'commander';
import { choice, repeatable } from './arguments.js';
import { type DataFlags, inputSpecs, openData } from './open-data.js';

/** Flags that say how models are scored on labelled data. */
export interface JudgeFlags extends DataFlags {
  readonly metric?: string;
  readonly transform: OutputTransform;
  readonly outputName?: string;
}

/** `--metric`: one of those with a name, or top-k. */
export function metricOption(): Option {
  const names = metrics.map(({ name }) => name).join(', ');
  return new Option('--metric <name>', `how outputs are scored: ${names}, or top<k> for any k`).argParser(
    metricName,
  );
}

/** `--metric` of commands that compare outputs too: with the original's, which takes no labels. */
export function comparisonMetricOption(): Option {
  const close = fidelityMetrics.map(({ name }) => name).join(', ');
  const option = metricOption();
  option.description += `; with --against also ${close}, without labels`;
  return option.argParser(
    (text) => fidelityMetrics.find(({ name }) => name === text)?.name ?? metricName(text),
  );
}

/** Options of commands that score models. */
export function judgeOptions(): Option[] {
  return [
    metricOption(),
    new Option('--label <name>', 'array or column that holds the labels'),
    new Option('--output-name <name>', "the model's output to score (default: the first)"),
    choice('--transform <name>', 'applied to the output before scoring', outputTransforms, 'none'),
  ];
}

function metricName(text: string): string {
  try {
    return metricNamed(text).name;
  } catch (error) {
    throw error instanceof OctavoError ? new InvalidArgumentError(error.message) : error;
  }
}

/** A way to divide samples, with the text that says so. */
export type NamedSegmentation = Segmentation & { readonly spec: string };

/** `--segment`: accuracy is also reported for each part of the samples. */
export function segmentOption(): Option {
  return repeatable(
    '--segment <spec>',
    'column, column:prefix3, column:month, :quarter or :year, column:quantile4 or column:100,200',
    parseSegment,
  );
}

/** Whether samples are divided by a column: their labels may be one a row, and divide row by row. */
export function byColumn({ column }: Segmentation): boolean {
  return column !== 'label';
}

function parseSegment(spec: string): NamedSegmentation {
  try {
    return { ...parseSegmentation(spec), spec };
  } catch (error) {
    throw error instanceof OctavoError ? new InvalidArgumentError(error.message) : error;
  }
}

/** Labelled data and what judges a model by them. */
export interface LabelledData {
  readonly dataset: Dataset;
  readonly judge: Judge;
}

/** Opens labelled data for a model. Throws DatasetError, EvaluationError. */
export async function openLabelled(
  path: string,
  model: Model,
  metric: string,
  flags: Omit<JudgeFlags, 'metric'>,
): Promise<LabelledData> {
  const dataset = await openData(path, inputSpecs(model.graph), flags);
  return { dataset, judge: judgeFor(dataset, metric, flags) };
}

/**
 * Scores the first of some labelled samples by the float model, so that data, labels, metric and model that do not go together
 * are refused before any long work. Throws DatasetError, EvaluationError, and as sessions.
 */
export async function checkScoring(
  { dataset, metric, flags }: { dataset: Dataset; metric: string; flags: Omit<JudgeFlags, 'metric'> },
  model: Model,
  createSession: SessionFactory,
): Promise<void> {
  for await (const sample of dataset.samples({ limit: 1 })) {
    using session = await createSession(model, { taps: [] });
    await judgeFor(memoryDataset([sample]), metric, flags).score(session);
  }
}

/** What judges a model by labelled data that is open. Throws EvaluationError. */
export function judgeFor(
  dataset: Dataset,
  metric: string,
  { transform, outputName }: Pick<JudgeFlags, 'transform' | 'outputName'>,
): Judge {
  const options = { transform, ...(outputName === undefined ? {} : { outputName }) };
  return judgeOf(dataset, metricNamed(metric), options);
}
