import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { OctavoError } from '@octavo/core/tensor';
import { BITS, PARTS, type Sensitivity } from '@octavo/quantizer';
import { unwritable } from '../output-files.js';
import { compactJson } from './json.js';

/**
 * Results of a sensitivity analysis on disk, so that an interrupted one goes on: a JSON line that says what is analysed,
 * then one line a result, appended as it comes. A last line that was cut off counts as missing.
 */
export class SensitivityState {
  /** Results of earlier runs. */
  readonly known: readonly Sensitivity[];
  private readonly path: string;

  private constructor(path: string, known: readonly Sensitivity[]) {
    this.path = path;
    this.known = known;
  }

  /**
   * Opens or begins a state file.
   * @param subject What the results depend on; plain JSON.
   * @throws OctavoError `STATE_MISMATCH` for a file about something else, `STATE_DAMAGED`, `OUTPUT_UNWRITABLE`.
   */
  static async open(path: string, subject: Readonly<Record<string, unknown>>): Promise<SensitivityState> {
    const header = compactJson({ octavo: 'sensitivity', ...subject });
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw unwritable(path, error);
    });
    const [first, ...rest] = text?.split('\n') ?? [];
    if (text && first !== header) throw mismatch(path);
    const lines = rest.slice(0, -1);
    const known = lines.map((line, index) => readEntry(line, path, index + 2));
    await write(path, () => writeFile(path, [header, ...lines, ''].join('\n')));
    return new SensitivityState(path, known);
  }

  /** Keeps a result. Throws OctavoError `OUTPUT_UNWRITABLE`. */
  async add(entry: Sensitivity): Promise<void> {
    await write(this.path, () => appendFile(this.path, `${compactJson(entry)}\n`));
  }
}

async function write(path: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    throw unwritable(path, error);
  });
}

function readEntry(line: string, path: string, number: number): Sensitivity {
  const json = parse(line);
  const [part, bits, sqnr] = [
    PARTS.find((each) => each === json['part']),
    BITS.find((each) => each === json['bits']),
    readNumber(json['sqnr']),
  ];
  const { node, op, output, weights } = json;
  const named = typeof node === 'string' && typeof op === 'string' && typeof output === 'string';
  if (!named || typeof weights !== 'number' || !part || !bits || sqnr === undefined)
    throw damaged(path, number);
  const metric = json['metric'];
  if (typeof metric !== 'object' || metric === null) return { node, op, output, part, bits, sqnr, weights };
  const figures: Record<string, unknown> = { ...metric };
  const [value, drop] = [readNumber(figures['value']), readNumber(figures['drop'])];
  if (value === undefined || drop === undefined) throw damaged(path, number);
  return { node, op, output, part, bits, sqnr, weights, metric: { value, drop } };
}

function parse(line: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(line);
    return typeof json === 'object' && json !== null ? { ...json } : {};
  } catch {
    return {};
  }
}

/** A number as `toJson` writes it: infinities are text, NaN is null. */
function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value === null) return Number.NaN;
  return value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
}

function mismatch(path: string): OctavoError {
  return new OctavoError({
    code: 'STATE_MISMATCH',
    where: path,
    message: 'it holds the results of another model, other data or other options.',
    remedy: 'Name another --state file, or delete this one.',
  });
}

function damaged(path: string, line: number): OctavoError {
  return new OctavoError({
    code: 'STATE_DAMAGED',
    where: `${path}:${line}`,
    message: 'the line holds no result of a sensitivity analysis.',
    remedy: 'Delete the line or the file.',
  });
}
