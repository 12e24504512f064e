import {
  type Observer,
  type ObserverName,
  type ObserverState,
  observers,
  type RealRange,
} from '@octavo/core/quant';
import { QuantizationError } from '@octavo/core/tensor';
import { type ActivationPrecision, bitsOf } from './precision.js';
import { QuantizerError } from './quantizer-error.js';

/** The values to observe, and by which observers. */
export type Watched = ReadonlyMap<string, ReadonlySet<ObserverName>>;

/** What samples showed of the values of a model: one observer for each value and way of observing it. */
export class Calibration {
  /** Samples seen. */
  samples = 0;
  private readonly observers: ReadonlyMap<string, ReadonlyMap<ObserverName, Observer>>;

  constructor(watched: Watched) {
    this.observers = new Map(
      [...watched].map(([value, names]) => [
        value,
        new Map([...names].map((name) => [name, observers[name].create()])),
      ]),
    );
  }

  /** The values observed. */
  get values(): readonly string[] {
    return [...this.observers.keys()];
  }

  /** The observers of a value. */
  of(value: string): Iterable<Observer> {
    return this.observers.get(value)?.values() ?? [];
  }

  /**
   * The range to quantize a value in.
   * @throws QuantizerError `CALIBRATION_UNSEEN` when no sample produced it.
   */
  range(value: string, { observer, dtype, symmetric }: ActivationPrecision): RealRange {
    const state: ObserverState | undefined = this.observers.get(value)?.get(observer)?.toJSON();
    if (!state) throw unseen(value, `it was not watched by the ${observer} observer.`);
    try {
      return observers[observer].restore(state, { bits: bitsOf(dtype), symmetric }).range();
    } catch (error) {
      if (!(error instanceof QuantizationError) || error.code !== 'QUANT_NO_DATA') throw error;
      throw unseen(value, 'no sample produced a value of it.', error);
    }
  }
}

function unseen(value: string, message: string, cause?: Error): QuantizerError {
  return new QuantizerError({
    code: 'CALIBRATION_UNSEEN',
    where: `tensor ${value}`,
    message,
    remedy: 'Use samples that reach this branch, or exclude the node.',
    ...(cause ? { cause } : {}),
  });
}
