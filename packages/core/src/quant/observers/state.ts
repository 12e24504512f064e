import { badState, type ObserverState } from './observer.js';

/** Reads the fields of untrusted observer JSON; every method throws `QUANT_OBSERVER_STATE` when a field is wrong. */
export class StateReader {
  readonly #kind: string;
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(kind: string, state: unknown) {
    if (typeof state !== 'object' || state === null) throw badState(kind, 'it is no object');
    this.#kind = kind;
    this.#fields = new Map(Object.entries(state as ObserverState));
    if (this.#fields.get('kind') !== kind) {
      throw badState(kind, `its kind is ${JSON.stringify(this.#fields.get('kind'))}`);
    }
  }

  /** A finite number within bounds. */
  number(field: string, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): number {
    const value = this.#fields.get(field);
    if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value;
    throw this.fault(field, 'a number in range');
  }

  /** A safe integer within bounds. */
  integer(field: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.number(field, min, max);
    if (Number.isSafeInteger(value)) return value;
    throw this.fault(field, 'an integer');
  }

  /** An array of safe integers >= 0 with at most `longest` elements. */
  counts(field: string, longest: number): Float64Array {
    const value = this.#fields.get(field);
    const valid =
      Array.isArray(value) &&
      value.length <= longest &&
      value.every((count) => Number.isSafeInteger(count) && count >= 0);
    if (!valid) throw this.fault(field, `an array of at most ${longest} counts`);
    return Float64Array.from(value);
  }

  /** An integer of any size, in decimal digits. */
  bigint(field: string): bigint {
    const value = this.#fields.get(field);
    if (typeof value === 'string' && /^-?\d{1,1000}$/.test(value)) return BigInt(value);
    throw this.fault(field, 'an integer in digits');
  }

  fault(field: string, expected: string) {
    return badState(this.#kind, `"${field}" is not ${expected}`);
  }
}
