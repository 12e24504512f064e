import { type NumberArray, QuantizationError } from '../../tensor/index.js';
import type { RealRange } from '../qparams.js';
import { type Float32Scan, float32Scan } from './float32-scan.js';

/**
 * Watches the values of one tensor, in one pass and bounded memory, and proposes the range to quantize.
 * The result depends only on the set of values (the moving average: of samples) seen: not on how they were split
 * into batches, in which order they came, or which observers were merged.
 */
export interface Observer {
  readonly kind: string;
  /**
   * @param values Any number of elements, of any shape; none is a no-op.
   * @param samples How many equally long samples lie behind one another in `values`; only per-sample observers care.
   * @param scan How to go over many values; the same result whichever it is.
   * @throws QuantizationError `QUANT_NOT_FINITE` at the first NaN or infinity, before anything is counted;
   * `QUANT_SAMPLES` when `samples` does not divide the number of elements.
   */
  observe(values: NumberArray, samples?: number, scan?: Float32Scan): void;
  /**
   * Adds what another observer of the same kind has seen.
   * @throws QuantizationError `QUANT_OBSERVER_KIND` for another kind.
   */
  merge(other: Observer): void;
  /** The range to quantize. Throws QuantizationError `QUANT_NO_DATA` before the first value. */
  range(): RealRange;
  /** What was seen, as plain JSON. Options are not part of it: the same data can be read with others. */
  toJSON(): ObserverState;
}

/** The JSON form of an observer; `kind` names the factory that restores it. */
export interface ObserverState {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export interface ObserverOptions {
  /** Bits of the integers that the range is meant for, 2 to 16; default 8. */
  readonly bits?: number;
  /** Whether the range will be quantized symmetrically; default false. */
  readonly symmetric?: boolean;
  /** Percentile observer: percentage of the elements to keep inside the range; default 99.99. */
  readonly percentile?: number;
}

export interface ObserverFactory {
  readonly kind: string;
  /** One sentence for a user who chooses. */
  readonly description: string;
  create(options?: ObserverOptions): Observer;
  /**
   * Rebuilds an observer from the JSON of `toJSON`.
   * @throws QuantizationError `QUANT_OBSERVER_STATE` when the JSON is not of this kind or is damaged.
   */
  restore(state: unknown, options?: ObserverOptions): Observer;
}

/** The smallest and largest of some values. Throws `QUANT_NOT_FINITE` at the first NaN or infinity. */
export function finiteRange(values: NumberArray, scan: Float32Scan = float32Scan): RealRange {
  if (values instanceof Float32Array && values.length > 0)
    return scan.range(values) ?? refuseNonFinite(values);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let finite = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value < min) min = value;
    if (value > max) max = value;
    if (value - value !== 0) finite = false;
  }
  if (!finite) refuseNonFinite(values);
  return { min, max };
}

function refuseNonFinite(values: NumberArray): never {
  const index = values.findIndex((value) => !Number.isFinite(value));
  throw new QuantizationError({
    code: 'QUANT_NOT_FINITE',
    message: `element ${index} of ${values.length} is ${values[index]}; a range needs finite values.`,
    remedy: 'Check the calibration data and the float model for overflow.',
  });
}

/** The error for `range()` before any value. */
export function noData(kind: string): QuantizationError {
  return new QuantizationError({
    code: 'QUANT_NO_DATA',
    message: `the ${kind} observer has seen no values.`,
    remedy: 'Run at least one calibration sample through the model.',
  });
}

/** The error for merging an observer of another kind. */
export function otherKind(own: string, other: string): QuantizationError {
  return new QuantizationError({
    code: 'QUANT_OBSERVER_KIND',
    message: `a ${own} observer takes no ${other} observer's data.`,
  });
}

/** The error for JSON that is no state of the expected kind. */
export function badState(kind: string, fault: string): QuantizationError {
  return new QuantizationError({
    code: 'QUANT_OBSERVER_STATE',
    message: `the saved ${kind} observer is damaged: ${fault}.`,
    remedy: 'Calibrate again.',
  });
}
