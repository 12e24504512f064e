import { EvaluationError } from './evaluation-error.js';

/** A part of a date. */
export type Period = 'month' | 'quarter' | 'year';

/**
 * How samples are divided: by a column's values or their first characters, its quantiles, given bounds, or a period of a
 * date.
 */
export type Segmentation =
  | { readonly column: string; readonly by: 'value' | Period }
  | { readonly column: string; readonly by: 'prefix'; readonly length: number }
  | { readonly column: string; readonly by: 'quantile'; readonly count: number }
  | { readonly column: string; readonly by: 'bounds'; readonly bounds: readonly number[] };

/** What samples are divided by. */
export interface Divisible {
  readonly id: string;
  readonly label?: number | string | undefined;
  readonly columns: Readonly<Record<string, string | number>>;
}

/** Samples with one thing in common. */
export interface Segment {
  readonly name: string;
  /** Positions of its samples. */
  readonly indices: readonly number[];
}

/**
 * Parses `region`, `zip:prefix3`, `date:month`, `date:quarter`, `date:year`, `price:quantile4` or
 * `price:0,100000,1e6`; the column `label` is the sample's label.
 * @throws EvaluationError `SEGMENT_SPEC`.
 */
export function parseSegmentation(spec: string): Segmentation {
  const [column = '', rule, ...rest] = spec.split(':');
  if (!column || rest.length > 0) throw badSpec(spec);
  if (rule === undefined) return { column, by: 'value' };
  if (rule === 'month' || rule === 'quarter' || rule === 'year') return { column, by: rule };
  const prefix = /^prefix([1-9][0-9]?)$/.exec(rule);
  if (prefix) return { column, by: 'prefix', length: Number(prefix[1]) };
  const quantile = /^quantile([0-9]{1,3})$/.exec(rule);
  if (quantile && Number(quantile[1]) >= 2) return { column, by: 'quantile', count: Number(quantile[1]) };
  const bounds = rule.split(',').map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
  if (!bounds.every((bound) => Number.isFinite(bound))) throw badSpec(spec);
  return { column, by: 'bounds', bounds: [...new Set(bounds)].sort((a, b) => a - b) };
}

/**
 * Divides samples; segments come in the order of their bounds or names.
 * @throws EvaluationError `SEGMENT_COLUMN` when a sample lacks the column or its label is NaN, `SEGMENT_NUMBER` when it holds no number,
 *   `SEGMENT_DATE` when it holds no date.
 */
export function divide(samples: readonly Divisible[], segmentation: Segmentation): Segment[] {
  const cells = samples.map((sample) => cellOf(sample, segmentation.column));
  if (segmentation.by === 'quantile' || segmentation.by === 'bounds') {
    const numbers = cells.map((cell, i) => numberOf(cell, segmentation.column, samples[i]?.id ?? ''));
    const bounds =
      segmentation.by === 'bounds' ? segmentation.bounds : quantileBounds(numbers, segmentation.count);
    return byBounds(numbers, bounds, segmentation.column);
  }
  const { column } = segmentation;
  if (segmentation.by === 'value') return byValue(cells.map(String));
  if (segmentation.by === 'prefix')
    return byValue(cells.map((cell) => `${String(cell).slice(0, segmentation.length)}*`));
  const { by } = segmentation;
  return byValue(cells.map((cell, i) => periodOf(cell, by, column, samples[i]?.id ?? '')));
}

/**
 * A segmentation that divides other samples as it divides these: quantiles become their bounds.
 * @throws EvaluationError as {@link divide}.
 */
export function fixBounds(samples: readonly Divisible[], segmentation: Segmentation): Segmentation {
  const { column } = segmentation;
  if (segmentation.by !== 'quantile') return segmentation;
  const numbers = samples.map((sample) => numberOf(cellOf(sample, column), column, sample.id));
  return { column, by: 'bounds', bounds: quantileBounds(numbers, segmentation.count) };
}

const DATE = /^([0-9]{4})(?:[-/](0[1-9]|1[0-2])(?![0-9])|(0[1-9]|1[0-2])[0-3][0-9](?![0-9])|$)/;

/** `2014`, `2014-Q2` or `2014-05` of a date such as `2014-05-02`, `2014-05` or `20140502T000000`. */
function periodOf(cell: string | number, by: Period, column: string, id: string): string {
  const date = DATE.exec(String(cell));
  const [, year, dashed, plain] = date ?? [];
  const month = dashed ?? plain;
  if (year && by === 'year') return year;
  if (year && month) return by === 'month' ? `${year}-${month}` : `${year}-Q${Math.ceil(Number(month) / 3)}`;
  throw new EvaluationError({
    code: 'SEGMENT_DATE',
    where: id,
    message: `column ${column} holds ${JSON.stringify(cell)}, which is no date.`,
    remedy: 'Write dates as 2014-05-02, or segment by values.',
  });
}

function byValue(keys: readonly string[]): Segment[] {
  const groups = new Map<string, number[]>();
  keys.forEach((key, index) => {
    const group = groups.get(key) ?? [];
    group.push(index);
    groups.set(key, group);
  });
  return [...groups]
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([name, indices]) => ({ name, indices }));
}

function byBounds(numbers: readonly number[], bounds: readonly number[], column: string): Segment[] {
  const names = [...bounds, Number.POSITIVE_INFINITY].map((bound, i) => {
    const below = bounds[i - 1];
    if (below === undefined) return `${column} < ${format(bound)}`;
    return Number.isFinite(bound)
      ? `${format(below)} <= ${column} < ${format(bound)}`
      : `${column} >= ${format(below)}`;
  });
  const segments = names.map((name) => ({ name, indices: [] as number[] }));
  numbers.forEach((number, index) => {
    const place = bounds.findIndex((bound) => number < bound);
    segments[place < 0 ? bounds.length : place]?.indices.push(index);
  });
  return segments.filter((segment) => segment.indices.length > 0);
}

function quantileBounds(numbers: readonly number[], count: number): number[] {
  const sorted = [...numbers].sort((a, b) => a - b);
  const bounds = Array.from(
    { length: count - 1 },
    (_, i) => sorted[Math.min(Math.round(((i + 1) / count) * sorted.length), sorted.length - 1)] ?? 0,
  );
  return [...new Set(bounds)];
}

function cellOf(sample: Divisible, column: string): string | number {
  if (column === 'label') return labelOf(sample);
  const cell = Object.hasOwn(sample.columns, column) ? sample.columns[column] : undefined;
  if (cell === undefined) throw noColumn(sample, column);
  return cell;
}

function labelOf(sample: Divisible): string | number {
  const { label } = sample;
  if (label === undefined || Number.isNaN(label)) throw noLabel(sample);
  return label;
}

function noLabel({ id, columns }: Divisible): EvaluationError {
  return new EvaluationError({
    code: 'SEGMENT_COLUMN',
    where: id,
    message: 'it has no label, or one for each row.',
    remedy: `Name the labels with --label, or divide by columns: it has ${Object.keys(columns).join(', ') || 'none'}.`,
  });
}

function noColumn({ id, columns }: Divisible, column: string): EvaluationError {
  return new EvaluationError({
    code: 'SEGMENT_COLUMN',
    where: id,
    message: `it has no column ${column}.`,
    remedy: `Its columns are ${['label', ...Object.keys(columns)].join(', ')}.`,
  });
}

function numberOf(cell: string | number, column: string, id: string): number {
  const number = Number(cell);
  if (cell === '' || Number.isNaN(number)) {
    throw new EvaluationError({
      code: 'SEGMENT_NUMBER',
      where: id,
      message: `column ${column} holds ${JSON.stringify(cell)}, which is no number.`,
      remedy: 'Segment by its values instead.',
    });
  }
  return number;
}

function format(bound: number): string {
  return bound.toLocaleString('en', { maximumSignificantDigits: 4 });
}

function badSpec(spec: string): EvaluationError {
  return new EvaluationError({
    code: 'SEGMENT_SPEC',
    message: `${JSON.stringify(spec)} is no segment specification.`,
    remedy:
      'Write column, column:prefix3, column:month, column:quarter, column:year, column:quantile4 or column:100,200.',
  });
}
