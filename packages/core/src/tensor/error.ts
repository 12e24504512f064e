/** Everything an `OctavoError` says: what was wrong, where, and what to do about it. */
export interface ErrorDetails {
  /** Stable, machine-readable name of the failure, e.g. `ONNX_TRUNCATED`. Upper snake case. */
  readonly code: string;
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
    const place = details.where ? `${details.where}: ` : '';
    const remedy = details.remedy ? ` ${details.remedy}` : '';
    super(`${place}${details.message}${remedy}`, details.cause === undefined ? {} : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.where = details.where;
    this.remedy = details.remedy;
    this.fault = details.message;
  }

  /**
   * The same error, of the same class and with the same fields, from within an outer place such as a file; its `cause` is
   * this one.
   */
  within(place: string): OctavoError {
    const where = this.where === undefined ? place : `${place}: ${this.where}`;
    const details = { code: this.code, message: this.fault, where, remedy: this.remedy, cause: this };
    // The constructor of the class may take other arguments.
    const copy: OctavoError = Reflect.construct(OctavoError, [details], this.constructor);
    Object.assign(copy, this, { where });
    const stack = this.stack?.replace(this.message, () => copy.message);
    Object.defineProperty(copy, 'stack', { value: stack, configurable: true, writable: true });
    return copy;
  }
}

/** A shape, dtype or value that does not fit its tensor. */
export class TensorError extends OctavoError {}

/** Qparams, ranges or quantized data that do not fit together. */
export class QuantizationError extends OctavoError {}

/** A graph that breaks an invariant, or an edit that would. */
export class GraphError extends OctavoError {}
