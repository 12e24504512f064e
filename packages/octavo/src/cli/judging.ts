import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import type { Dataset } from '@octavo/datasets';
import {
  metricNamed,
  metrics,
  type OutputTransform,
  outputTransforms,
  parseSegmentation,
  type Segmentation,
} from '@octavo/evaluation';
import { type Judge, judgeOf } from '@octavo/quantizer';
import { InvalidArgumentError, Option } from 'commander';
import { choice, repeatable } from './arguments.js';
import { type DataFlags, inputSpecs, openData } from './open-data.js';

/** Flags that say how models are scored on labelled data. */
export interface JudgeFlags extends DataFlags {
  readonly metric?: string;
  readonly transform: OutputTransform;
  readonly outputName?: string;
}

/** Options of commands that score models. */
export function judgeOptions(): Option[] {
  return [
    choice(
      '--metric <name>',
      'how outputs are scored',
      metrics.map(({ name }) => name),
    ),
    new Option('--label <name>', 'array or column that holds the labels'),
    new Option('--output-name <name>', "the model's output to score (default: the first)"),
    choice('--transform <name>', 'applied to the output before scoring', outputTransforms, 'none'),
  ];
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

/** What judges a model by labelled data that is open. Throws EvaluationError. */
export function judgeFor(
  dataset: Dataset,
  metric: string,
  { transform, outputName }: Pick<JudgeFlags, 'transform' | 'outputName'>,
): Judge {
  const options = { transform, ...(outputName === undefined ? {} : { outputName }) };
  return judgeOf(dataset, metricNamed(metric), options);
}
