import { type NumberArray, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import { EvaluationError } from './evaluation-error.js';
import type { Metric, Scored } from './metrics/index.js';

/** What turns an output into the label's unit. */
export type OutputTransform = 'none' | 'exp' | 'expm1' | 'log' | 'sigmoid';

const TRANSFORMS: Readonly<Record<OutputTransform, (value: number) => number>> = {
  none: (value) => value,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  sigmoid: (value) => 1 / (1 + Math.exp(-value)),
};

/** The names of the transforms. */
export const outputTransforms: readonly OutputTransform[] = ['none', 'exp', 'expm1', 'log', 'sigmoid'];

/**
 * Scores one sample's output, [rows, ...] where its label is a tensor of one number a row.
 * @throws EvaluationError `LABEL_MISSING`, `LABEL_TYPE`, and what the metric throws, with the sample's place.
 */
export function scoreRows(
  output: Tensor,
  sample: Sample,
  { metric, transform = 'none' }: { readonly metric: Metric; readonly transform?: OutputTransform },
): Scored[] {
  const labels = labelsOf(sample);
  const numbers = toNumbers(output);
  const width = numbers.length / labels.length;
  if (!Number.isInteger(width)) {
    throw new EvaluationError({
      code: 'LABEL_TYPE',
      where: sample.id,
      message: `${labels.length} labels for an output of ${numbers.length} numbers.`,
      remedy: 'Give one label a sample, or one a row of the output.',
    });
  }
  const change = TRANSFORMS[transform];
  return labels.map((label, row) => {
    const numbersOfRow = numbers.subarray(row * width, (row + 1) * width);
    const values = transform === 'none' ? numbersOfRow : Float64Array.from(numbersOfRow, change);
    const id = labels.length > 1 ? `${sample.id}[${row}]` : sample.id;
    return {
      ...scoreRow(metric, values, label, id),
      id,
      ...(labels.length > 1 ? { sample: sample.id } : {}),
      label,
      columns: sample.columns ?? {},
      ...(values.includes(Number.NaN) ? { hasNaN: true as const } : {}),
    };
  });
}

/** The metric's score; its errors get the sample's place. */
function scoreRow(
  metric: Metric,
  values: NumberArray,
  label: number,
  id: string,
): ReturnType<Metric['score']> {
  try {
    return metric.score(values, label);
  } catch (error) {
    if (!(error instanceof EvaluationError) || error.where) throw error;
    const { code, fault: message, remedy } = error;
    throw new EvaluationError({ code, message, remedy, where: id, cause: error });
  }
}

function labelsOf(sample: Sample): number[] {
  const { label } = sample;
  if (label === undefined) {
    throw new EvaluationError({
      code: 'LABEL_MISSING',
      where: sample.id,
      message: 'the sample has no label.',
      remedy: 'Name the labels with --label.',
    });
  }
  const labels =
    typeof label === 'object' ? Array.from(toNumbers(label)) : [label === '' ? Number.NaN : Number(label)];
  if (labels.some((each) => Number.isNaN(each))) {
    throw new EvaluationError({
      code: 'LABEL_TYPE',
      where: sample.id,
      message: `the label ${JSON.stringify(label)} is no number.`,
      remedy: 'Use class indices or numbers as labels.',
    });
  }
  return labels;
}
