import { OctavoError } from '@octavo/core/tensor';

/** Where a command writes: results to stdout, everything else to stderr. */
export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** One command's output: with `--json` exactly one document on stdout, otherwise text. */
export class Output {
  readonly json: boolean;
  private readonly streams: Streams;

  constructor(streams: Streams, json: boolean) {
    this.streams = streams;
    this.json = json;
  }

  /** Prints the result: the document with `--json`, the text without. */
  result(document: object, text: string): void {
    this.streams.stdout.write(this.json ? `${JSON.stringify(document, replaceNonFinite, 2)}\n` : `${text}\n`);
  }

  /** A line for people, on stderr. */
  notice(line: string): void {
    this.streams.stderr.write(`${line}\n`);
  }

  failure(error: unknown): void {
    const known = error instanceof OctavoError ? error : undefined;
    const message = error instanceof Error ? error.message : String(error);
    if (this.json) {
      const document = {
        error: {
          code: known?.code ?? 'INTERNAL',
          message: known?.fault ?? message,
          where: known?.where,
          remedy: known?.remedy,
        },
      };
      this.streams.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    }
    this.streams.stderr.write(`octavo: ${message}\n`);
  }
}

/** JSON has no infinities and no NaN: they become strings and null. */
function replaceNonFinite(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return null;
  return value > 0 ? 'Infinity' : '-Infinity';
}
