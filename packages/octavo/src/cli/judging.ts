import type { Model } from '@octavo/core/ir';
import type { Dataset } from '@octavo/datasets';
import { metricNamed, metrics, type OutputTransform, outputTransforms } from '@octavo/evaluation';
import { type Judge, judgeOf } from '@octavo/quantizer';
import { Option } from 'commander';
import { choice } from './arguments.js';
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
  const { transform, outputName } = flags;
  const dataset = await openData(path, inputSpecs(model.graph), flags);
  const options = { transform, ...(outputName === undefined ? {} : { outputName }) };
  return { dataset, judge: judgeOf(dataset, metricNamed(metric), options) };
}
