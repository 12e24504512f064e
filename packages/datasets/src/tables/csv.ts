import { parse } from 'csv-parse/browser/esm/sync';
import { DatasetError } from '../dataset-error.js';
import type { Table } from './table.js';

/**
 * Reads comma- or tab-separated text whose first line names the columns (RFC 4180 quoting, blank lines skipped).
 * @throws DatasetError `DATASET_CSV` when lines have different lengths, quotes do not close or a name occurs twice.
 */
export function parseCsv(text: string, where = 'CSV', delimiter = ','): Table {
  const ends: number[] = [];
  const [columns = [], ...records] = parseRecords(text, where, delimiter, ends);
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) throw badCsv(where, `the column ${twice} occurs twice`);
  const rows = records.map((record) => Object.fromEntries(columns.map((name, i) => [name, record[i] ?? ''])));
  return { columns, rows, lines: ends.slice(1) };
}

/** Fields by record; the line that each ends on is added to `ends`. */
function parseRecords(text: string, where: string, delimiter: string, ends: number[]): string[][] {
  const note = (record: string[], { lines }: { readonly lines: number }): string[] => {
    ends.push(lines);
    return record;
  };
  try {
    return parse(text, { bom: true, delimiter, on_record: note, skip_empty_lines: true, trim: true });
  } catch (cause) {
    throw badCsv(where, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function badCsv(where: string, fault: string, cause?: unknown): DatasetError {
  return new DatasetError({
    code: 'DATASET_CSV',
    where,
    message: `${fault.replace(/\.$/, '')}.`,
    remedy: 'The first line names the columns; every other line has a value for each.',
    cause,
  });
}
