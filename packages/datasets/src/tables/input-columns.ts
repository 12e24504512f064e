import type { InputSpec } from '../dataset.js';
import { DatasetError } from '../dataset-error.js';
import type { Preprocess } from '../preprocess.js';
import type { Table } from './table.js';

/** For each input the columns that make it up: a list, or all from one to another. */
export type ColumnMapping = NonNullable<Preprocess['columns']>;

/**
 * The columns of an input: those mapped to it; else the column of its name; else, for a model's only input, all columns
 * but the label when they are as many as its elements.
 * @throws DatasetError `DATASET_MISSING_COLUMN` when nothing fits or a mapped column is absent.
 */
export function inputColumns(
  table: Table,
  input: InputSpec,
  options: {
    readonly inputs: readonly InputSpec[];
    readonly columns?: ColumnMapping | undefined;
    readonly label?: string | undefined;
    readonly where: string;
  },
): readonly string[] {
  const mapped = options.columns?.[input.name];
  if (mapped)
    return Array.isArray(mapped) ? present(table, mapped, options.where) : span(table, mapped, options.where);
  if (table.columns.includes(input.name)) return [input.name];
  const rest = table.columns.filter((column) => column !== options.label);
  const elements = (input.shape ?? []).reduce<number>((a, dim) => a * (typeof dim === 'number' ? dim : 1), 1);
  if (options.inputs.length === 1 && input.shape && rest.length === elements) return rest;
  throw new DatasetError({
    code: 'DATASET_MISSING_COLUMN',
    where: options.where,
    message: `no column is named ${input.name}, and none are mapped to it; found ${list(table)}.`,
    remedy: `Map columns in the preprocessing file: {"columns": {${JSON.stringify(input.name)}: ["...", "..."]}}.`,
  });
}

function present(table: Table, columns: readonly string[], where: string): readonly string[] {
  for (const column of columns) columnIndex(table, column, where);
  return columns;
}

function span(
  table: Table,
  { from, to }: { readonly from: string; readonly to: string },
  where: string,
): readonly string[] {
  const first = columnIndex(table, from, where);
  const last = columnIndex(table, to, where);
  if (first <= last) return table.columns.slice(first, last + 1);
  throw new DatasetError({
    code: 'DATASET_MISSING_COLUMN',
    where,
    message: `the column ${from} comes after ${to}.`,
    remedy: 'Give the first column as "from" and the last as "to".',
  });
}

function columnIndex(table: Table, column: string, where: string): number {
  const index = table.columns.indexOf(column);
  if (index >= 0) return index;
  throw new DatasetError({
    code: 'DATASET_MISSING_COLUMN',
    where,
    message: `no column is named ${column}; found ${list(table)}.`,
  });
}

function list(table: Table): string {
  const shown = table.columns.slice(0, 20).join(', ');
  return table.columns.length > 20 ? `${shown} and ${table.columns.length - 20} more` : shown || 'none';
}
