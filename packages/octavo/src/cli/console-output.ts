import { OctavoError } from '@octavo/core/tensor';
import { EXIT_DONE, EXIT_FAILED } from './exit-codes.js';
import { toJson } from './json.js';

/** Where a command writes: results to stdout, everything else to stderr. */
export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** What `--json` prints when a command fails. */
export interface FailureDocument {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly where: string | null;
    readonly remedy: string | null;
  };
}

/** One command's output: with `--json` exactly one document on stdout, otherwise text. */
export class Output {
  readonly json: boolean;
  private readonly streams: Streams;
  private code: number = EXIT_DONE;

  constructor(streams: Streams, json: boolean) {
    this.streams = streams;
    this.json = json;
  }

  /** The exit code of a command that did not throw. */
  get exitCode(): number {
    return this.code;
  }

  /**
   * Prints the result: the document with `--json`, the text without.
   * @param passed False for a result that says no, such as a check that fails: the exit code is then 1.
   */
  result(document: object, text: string, passed = true): void {
    if (!passed) this.code = EXIT_FAILED;
    this.streams.stdout.write(this.json ? toJson(document) : `${text}\n`);
  }

  /** A line for people, on stderr. */
  notice(line: string): void {
    this.streams.stderr.write(`${oneLine(line)}\n`);
  }

  /** Prints an error as one line on stderr, and with `--json` as a document too. */
  failure(error: OctavoError): void {
    if (this.json) this.streams.stdout.write(toJson(failureDocument(error)));
    this.streams.stderr.write(`octavo: ${oneLine(error.message)}\n`);
  }
}

/** Anything thrown as an error with a code: what is not one of ours is a bug of ours. */
export function asOctavoError(error: unknown): OctavoError {
  if (error instanceof OctavoError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new OctavoError({
    code: 'INTERNAL',
    message: `unexpected failure: ${message.replace(/\.$/, '')}.`,
    remedy: 'Please report it with the command line and, if you can, the model.',
    cause: error,
  });
}

function failureDocument(error: OctavoError): FailureDocument {
  const { code, fault, where, remedy } = error;
  return { error: { code, message: fault, where: where ?? null, remedy: remedy ?? null } };
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
