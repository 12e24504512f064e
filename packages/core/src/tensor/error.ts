import type { KernelCode, QuantizationCode, TensorCode } from './error-codes.js';

/** Everything an `OctavoError` says: what was wrong, where, and what to do about it. */
export interface ErrorDetails<Code extends string = string> {
  /** Stable, machine-readable name of the failure, e.g. `ONNX_TRUNCATED`. Upper snake case. */
  readonly code: Code;
  /** What was expected and what was found. */
  readonly message: string;
  /** The file, node, tensor or argument concerned, outermost first. */
  readonly where?: string | undefined;
  /** What the reader can do. */
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Base of every error that Octavo throws on purpose; `message` joins place, fault and remedy. Classes for errors of models
 * take the same details.
 */
export class OctavoError extends Error {
  readonly code: string;
  readonly where: string | undefined;
  readonly remedy: string | undefined;
  /** The fault alone, without place and remedy. */
  readonly fault: string;

  constructor(details: ErrorDetails) {
    const message = messageOf(details.where, details.message, details.remedy);
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.where = details.where;
    this.remedy = details.remedy;
    this.fault = details.message;
  }

  /**
   * Says of this error that it is from within an outer place such as a file. Returns the error itself, not a copy, which
   * could not have what its class keeps in private fields: for errors that nobody else throws again.
   */
  within(place: string): this {
    const { message: before, stack } = this;
    const where = this.where === undefined ? place : `${place}: ${this.where}`;
    const message = messageOf(where, this.fault, this.remedy);
    Object.assign(this, { where, message });
    Object.defineProperty(this, 'stack', {
      value: stack?.replace(before, () => message),
      configurable: true,
      writable: true,
    });
    return this;
  }
}

function messageOf(where: string | undefined, fault: string, remedy: string | undefined): string {
  return `${where ? `${where}: ` : ''}${fault}${remedy ? ` ${remedy}` : ''}`;
}

/** An error of a class that has codes of its own. */
class CodedError<Code extends string> extends OctavoError {
  declare readonly code: Code;

  constructor(details: ErrorDetails<Code>) {
    super(details);
  }
}

/** A shape, dtype or value that does not fit its tensor. */
export class TensorError extends CodedError<TensorCode> {}

/** Qparams, ranges or quantized data that do not fit together. */
export class QuantizationError extends CodedError<QuantizationCode> {}

/** Operands that a kernel does not compute with. */
export class KernelError extends CodedError<KernelCode> {}

/** A graph that breaks an invariant, or an edit that would. */
export class GraphError extends OctavoError {}
