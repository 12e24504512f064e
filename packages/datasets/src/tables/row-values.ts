import { DatasetError } from '../dataset-error.js';

/**
 * The numbers of a field: a number, a boolean, numeric text, or (nested) arrays of them. Empty or missing is NaN.
 * @throws DatasetError `DATASET_VALUE` for text and objects.
 */
export function numbersOf(value: unknown, where: string): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value === 'boolean') return [value ? 1 : 0];
  if (value === null || value === undefined || value === '') return [Number.NaN];
  if (Array.isArray(value)) return value.flatMap((each) => numbersOf(each, where));
  if (typeof value === 'string' && isNumeric(value)) return [parseNumber(value)];
  throw new DatasetError({
    code: 'DATASET_VALUE',
    where,
    message: `${JSON.stringify(value)} is no number.`,
    remedy: 'Encode categories as numbers, or map other columns to the input.',
  });
}

/** The scalar fields of a row; numeric text becomes numbers, booleans 0 and 1, empty cells NaN. */
export function scalarsOf(row: Readonly<Record<string, unknown>>): Record<string, string | number> {
  const scalars: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'number') scalars[name] = value;
    else if (typeof value === 'boolean') scalars[name] = value ? 1 : 0;
    else if (value === null || value === '') scalars[name] = Number.NaN;
    else if (typeof value === 'string') scalars[name] = isNumeric(value) ? parseNumber(value) : value;
  }
  return scalars;
}

const NON_FINITE: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
]);

function isNumeric(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) || NON_FINITE.has(text.toLowerCase());
}

function parseNumber(text: string): number {
  return NON_FINITE.get(text.toLowerCase()) ?? Number(text);
}
