import { type NumberArray, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import type { Session } from '@octavo/runtime';
import { EvaluationError } from './evaluation-error.js';
import type { Metric, Scored } from './metrics/index.js';

/** What turns an output into the label's unit. */
export type OutputTransform = 'none' | 'exp' | 'log';

const TRANSFORMS: Readonly<Record<OutputTransform, (value: number) => number>> = {
  none: (value) => value,
  exp: Math.exp,
  log: Math.log,
};

export interface ScoreOptions {
  readonly metric: Metric;
  /** Output to score; the model's first one when absent. */
  readonly outputName?: string;
  readonly transform?: OutputTransform;
  readonly signal?: AbortSignal;
  readonly onSample?: (seen: number) => void;
}

/**
 * Runs labelled samples one by one and scores each output against its label. A label that is a tensor (one number
 * an output row) scores every row. Outputs that hold NaN are counted, not refused.
 * @throws EvaluationError `LABEL_MISSING`, `LABEL_TYPE`, `LABEL_CLASS`, `OUTPUT_UNKNOWN`, `DATA_EMPTY`.
 */
export async function scoreSamples(
  session: Session,
  samples: AsyncIterable<Sample> | Iterable<Sample>,
  options: ScoreOptions,
): Promise<Scored[]> {
  const name = options.outputName ?? session.outputs[0]?.name ?? '';
  if (!session.outputs.some((port) => port.name === name)) {
    throw new EvaluationError({
      code: 'OUTPUT_UNKNOWN',
      where: `output ${name}`,
      message: 'the model has no such output.',
      remedy: `Its outputs are ${session.outputs.map((port) => port.name).join(', ')}.`,
    });
  }
  const scored: Scored[] = [];
  let seen = 0;
  for await (const sample of samples) {
    options.signal?.throwIfAborted();
    const outputs = await session.run(sample.feeds, options.signal ? { signal: options.signal } : {});
    const output = outputs[name];
    if (output) scored.push(...scoreRows(output, sample, options));
    options.onSample?.(++seen);
  }
  if (scored.length === 0) {
    throw new EvaluationError({
      code: 'DATA_EMPTY',
      message: 'the evaluation data holds no samples.',
      remedy: 'Give a path with labelled data.',
    });
  }
  return scored;
}

function scoreRows(output: Tensor, sample: Sample, { metric, transform = 'none' }: ScoreOptions): Scored[] {
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
    const numbersOfRow = numbers.slice(row * width, (row + 1) * width);
    const values = transform === 'none' ? numbersOfRow : Float64Array.from(numbersOfRow, change);
    const id = labels.length > 1 ? `${sample.id}[${row}]` : sample.id;
    return {
      ...scoreRow(metric, values, label, id),
      id,
      label,
      columns: sample.columns ?? {},
      ...(values.some((value) => Number.isNaN(value)) ? { hasNaN: true as const } : {}),
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
