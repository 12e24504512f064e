import { readBytes } from '../read-bytes.node.js';
import { parseCsv } from './csv.js';
import { parseJsonLines } from './jsonl.js';
import type { Table } from './table.js';

/** Reads a .csv, .tsv or .jsonl file. Throws DatasetError `DATASET_UNREADABLE`; as `parseCsv` and `parseJsonLines`. */
export async function readTable(path: string): Promise<Table> {
  const text = new TextDecoder().decode(await readBytes(path));
  if (/\.(jsonl|ndjson)$/i.test(path)) return parseJsonLines(text, path);
  return parseCsv(text, path, /\.tsv$/i.test(path) ? '\t' : ',');
}

/** Whether a file name is a table's. */
export function isTableFile(name: string): boolean {
  return /\.(csv|tsv|jsonl|ndjson)$/i.test(name);
}
