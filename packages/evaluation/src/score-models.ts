import { type Tensor, toNumbers } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import type { Session } from '@octavo/runtime';
import { EvaluationError } from './evaluation-error.js';
import type { FidelityMetric, Metric, Scored, Summary } from './metrics/index.js';
import { type OutputTransform, scoreRows } from './score-rows.js';
import { divide, type Segmentation } from './segments.js';

export interface ScoreModelsOptions {
  /** Against labels; none for data without labels. */
  readonly metrics?: readonly Metric[];
  /** Against the original's outputs. */
  readonly fidelity?: readonly FidelityMetric[];
  /** The model that the session's was made from. */
  readonly original?: Session | undefined;
  /** Output to score; each model's first one when absent. */
  readonly outputName?: string;
  /** Applied before metrics against labels; fidelity compares outputs as they are. */
  readonly transform?: OutputTransform;
  /** What the samples will be divided by: one that cannot be is refused before it is run. */
  readonly segmentations?: readonly Segmentation[];
  readonly signal?: AbortSignal;
  readonly onSample?: (seen: number) => void;
}

/** Scores by metric name, each in the order of the samples. */
export interface ModelScores {
  readonly scored: ReadonlyMap<string, readonly Scored[]>;
  /** The original's; empty without one. */
  readonly original: ReadonlyMap<string, readonly Scored[]>;
  /** Of the outputs against the original's: one score a sample; empty without an original. */
  readonly fidelity: ReadonlyMap<string, readonly Scored[]>;
}

/**
 * Runs samples one by one through a model, and through the one it was made from, in one pass over the data, and scores the
 * outputs by every metric. A label that is a tensor (one number an output row) scores every row. Outputs that hold NaN are
 * counted, not refused.
 * @throws EvaluationError `LABEL_MISSING`, `LABEL_TYPE`, `LABEL_CLASS`, `OUTPUT_UNKNOWN`, `OUTPUT_SHAPE`, `DATA_EMPTY`;
 *   `SEGMENT_COLUMN`, `SEGMENT_NUMBER`, `SEGMENT_DATE`.
 */
export async function scoreModels(
  session: Session,
  samples: AsyncIterable<Sample> | Iterable<Sample>,
  options: ScoreModelsOptions,
): Promise<ModelScores> {
  const { metrics = [], fidelity = [], original, segmentations = [], signal } = options;
  const name = outputNameOf(session, options);
  const originalName = original && outputNameOf(original, options);
  const own = listsOf(metrics);
  const theirs = listsOf(original ? metrics : []);
  const close = listsOf(original ? fidelity : []);
  let seen = 0;
  for await (const sample of samples) {
    signal?.throwIfAborted();
    checkDivisible(sample, segmentations);
    const output = await outputOf(session, name, sample, signal);
    const reference = originalName && (await outputOf(original, originalName, sample, signal));
    for (const metric of metrics) {
      own.get(metric.name)?.push(...scoreRows(output, sample, { ...options, metric }));
      if (reference) theirs.get(metric.name)?.push(...scoreRows(reference, sample, { ...options, metric }));
    }
    if (reference)
      for (const metric of fidelity)
        close.get(metric.name)?.push(compareOutputs(metric, output, reference, sample));
    seen++;
    options.onSample?.(seen);
  }
  if (seen === 0) throw noSamples();
  return { scored: own, original: theirs, fidelity: close };
}

/**
 * Refuses a sample that cannot be divided by columns, or by its label where it has one for all its rows or none.
 * @throws EvaluationError `SEGMENT_COLUMN`, `SEGMENT_NUMBER`, `SEGMENT_DATE`.
 */
export function checkDivisible(
  { id, label, columns = {} }: Pick<Sample, 'id' | 'label' | 'columns'>,
  segmentations: readonly Segmentation[],
): void {
  for (const segmentation of segmentations)
    divide([{ id, label: labelNumber(label), columns }], segmentation);
}

function listsOf(metrics: readonly Summary[]): Map<string, Scored[]> {
  return new Map(metrics.map(({ name }) => [name, []]));
}

function compareOutputs(metric: FidelityMetric, output: Tensor, original: Tensor, sample: Sample): Scored {
  const [numbers, reference] = [toNumbers(output), toNumbers(original)];
  if (numbers.length !== reference.length)
    throw new EvaluationError({
      code: 'OUTPUT_SHAPE',
      where: sample.id,
      message: `the original gives [${original.shape.join(', ')}], the model [${output.shape.join(', ')}].`,
      remedy: 'Compare a model with the one that it was made from.',
    });
  return {
    id: sample.id,
    label: labelNumber(sample.label),
    prediction: numbers[0] ?? Number.NaN,
    columns: sample.columns ?? {},
    ...metric.compare(numbers, reference),
    ...(numbers.some((value) => Number.isNaN(value)) ? { hasNaN: true as const } : {}),
  };
}

/** The label as a number, for segments; NaN where there is none, or one a row. */
function labelNumber(label: Sample['label']): number {
  return label === undefined || label === '' || typeof label === 'object' ? Number.NaN : Number(label);
}

async function outputOf(
  session: Session,
  name: string,
  sample: Sample,
  signal: AbortSignal | undefined,
): Promise<Tensor> {
  const outputs = await session.run(sample.feeds, signal ? { signal } : {});
  const output = outputs[name];
  if (!output) throw unknownOutput(session, name);
  return output;
}

function outputNameOf(session: Session, { outputName }: ScoreModelsOptions): string {
  const name = outputName ?? session.outputs[0]?.name ?? '';
  if (session.outputs.some((port) => port.name === name)) return name;
  throw unknownOutput(session, name);
}

function unknownOutput(session: Session, name: string): EvaluationError {
  return new EvaluationError({
    code: 'OUTPUT_UNKNOWN',
    where: `output ${name}`,
    message: 'the model has no such output.',
    remedy: `Its outputs are ${session.outputs.map((port) => port.name).join(', ')}.`,
  });
}

function noSamples(): EvaluationError {
  return new EvaluationError({
    code: 'DATA_EMPTY',
    message: 'the evaluation data holds no samples.',
    remedy: 'Give a path with labelled data.',
  });
}
