import { DatasetError } from '../dataset-error.js';
import type { Table } from './table.js';

/**
 * Reads lines of JSON, each an object; blank lines are skipped. The columns are the fields of all objects.
 * @throws DatasetError `DATASET_JSONL` with the line that is no object.
 */
export function parseJsonLines(text: string, where = 'JSONL'): Table {
  const columns = new Set<string>();
  const rows: Record<string, unknown>[] = [];
  const lines: number[] = [];
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    const row = parseObject(line, `${where}:${i + 1}`);
    for (const name of Object.keys(row)) columns.add(name);
    rows.push(row);
    lines.push(i + 1);
  });
  return { columns: [...columns], rows, lines };
}

function parseObject(line: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw badLine(where, 'the line is no JSON', cause);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value));
  }
  throw badLine(where, 'the line is no JSON object');
}

function badLine(where: string, fault: string, cause?: unknown): DatasetError {
  return new DatasetError({
    code: 'DATASET_JSONL',
    where,
    message: `${fault}.`,
    remedy: 'Write one JSON object a line, with a field for each input.',
    cause,
  });
}
