import { fromNumbers, stringTensor, type Tensor } from '@octavo/core/tensor';
import { castTensor } from '../cast.js';
import type { InputSpec, Sample, SampleSource } from '../dataset.js';
import { DatasetError } from '../dataset-error.js';
import type { SampleFacts } from '../stratify.js';
import { type ColumnMapping, inputColumns } from './input-columns.js';
import { numbersOf, scalarsOf } from './row-values.js';
import type { Table } from './table.js';

export interface TableOptions {
  readonly inputs: readonly InputSpec[];
  /** Which columns make up each input. */
  readonly columns?: ColumnMapping | undefined;
  /** The column with the labels; not fed to the model. */
  readonly label?: string | undefined;
  /** The file, for errors and sample ids. */
  readonly where: string;
}

/**
 * One sample a row. An empty cell is NaN. Every scalar field is also a column of the sample.
 * @throws DatasetError `DATASET_MISSING_COLUMN`, `DATASET_LABEL`; reading samples: `DATASET_VALUE`, `DATASET_SHAPE`.
 */
export function tableSource(table: Table, options: TableOptions): SampleSource {
  const { inputs, label, where } = options;
  if (label !== undefined && !table.columns.includes(label)) {
    throw new DatasetError({
      code: 'DATASET_LABEL',
      where,
      message: `no column is named ${label}; found ${table.columns.join(', ')}.`,
      remedy: 'Name the column with the labels.',
    });
  }
  const mapped = inputs.map((input) => ({ input, columns: inputColumns(table, input, options) }));
  const facts = (index: number): SampleFacts => {
    const columns = scalarsOf(table.rows[index] ?? {});
    return { columns, ...(label === undefined ? {} : { label: columns[label] ?? Number.NaN }) };
  };
  return {
    size: table.rows.length,
    facts,
    async sample(index): Promise<Sample> {
      const row = table.rows[index] ?? {};
      const id = `${where}:${table.lines?.[index] ?? index + 1}`;
      const feeds = mapped.map(
        ({ input, columns }) => [input.name, feedOf(row, columns, input, id)] as const,
      );
      return { feeds: Object.fromEntries(feeds), ...facts(index), id };
    },
  };
}

function feedOf(
  row: Readonly<Record<string, unknown>>,
  columns: readonly string[],
  input: InputSpec,
  where: string,
): Tensor {
  if (input.dtype === 'string') {
    const texts = columns.map((column) => String(row[column] ?? ''));
    return stringTensor(texts, sampleShape(input, texts.length, where));
  }
  const numbers = columns.flatMap((column) => numbersOf(row[column], `${where}: ${column}`));
  const shape = sampleShape(input, numbers.length, where);
  return castTensor(fromNumbers('float64', shape, numbers), input, where);
}

/** The input's shape with batch dimension 1, filled by `count` elements; one other unknown dimension is found. */
function sampleShape(input: InputSpec, count: number, where: string): number[] {
  const dims = input.shape ?? [1, null];
  const open = dims.findLastIndex((dim, axis) => typeof dim !== 'number' && axis > 0);
  const shape = dims.map((dim) => (typeof dim === 'number' ? dim : 1));
  const known = shape.reduce((a, b) => a * b, 1);
  if (open >= 0 && known > 0) shape[open] = count / known;
  if (shape.every(Number.isInteger) && shape.reduce((a, b) => a * b, 1) === count) return shape;
  throw new DatasetError({
    code: 'DATASET_SHAPE',
    where,
    message: `input ${input.name} has the shape [${dims.map((dim) => dim ?? '?').join(', ')}], found ${count} values.`,
    remedy: 'Map as many columns to the input as it has elements.',
  });
}
