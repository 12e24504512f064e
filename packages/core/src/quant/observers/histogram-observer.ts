import type { NumberArray } from '../../tensor/index.js';
import type { RealRange } from '../qparams.js';
import type { Float32Scan } from './float32-scan.js';
import { binsOf, Histogram, type HistogramState, MOST_BINS, SMALLEST_EXPONENT } from './histogram.js';
import { noData, type Observer, type ObserverFactory, type ObserverOptions, otherKind } from './observer.js';
import { StateReader } from './state.js';

/** Chooses the range to quantize from a histogram that has seen at least one value. */
export type RangeChoice = (histogram: HistogramState, options: ObserverOptions) => RealRange;

/** An observer that keeps a histogram and chooses the range when asked. */
class HistogramObserver implements Observer {
  readonly kind: string;
  readonly #choose: RangeChoice;
  readonly #options: ObserverOptions;
  readonly #histogram: Histogram;

  constructor(kind: string, choose: RangeChoice, options: ObserverOptions, state?: HistogramState) {
    this.kind = kind;
    this.#choose = choose;
    this.#options = options;
    this.#histogram = new Histogram(state);
  }

  observe(values: NumberArray, _samples?: number, scan?: Float32Scan): void {
    this.#histogram.add(values, scan);
  }

  merge(other: Observer): void {
    if (!(other instanceof HistogramObserver) || other.kind !== this.kind) {
      throw otherKind(this.kind, other.kind);
    }
    this.#histogram.merge(other.#histogram);
  }

  range(): RealRange {
    const state = this.#histogram.state;
    if (state.min > state.max) throw noData(this.kind);
    return this.#choose(state, this.#options);
  }

  toJSON() {
    const { exponent, low, counts, zeros, min, max } = this.#histogram.state;
    if (min > max) return { kind: this.kind, empty: 1 };
    return { kind: this.kind, empty: 0, exponent, low, counts: [...counts], zeros, min, max };
  }
}

/** The factory of an observer that differs from others only in how it reads its histogram. */
export function histogramFactory(kind: string, description: string, choose: RangeChoice): ObserverFactory {
  return {
    kind,
    description,
    create: (options = {}) => new HistogramObserver(kind, choose, options),
    restore: (state, options = {}) => new HistogramObserver(kind, choose, options, readState(kind, state)),
  };
}

/**
 * Rebuilds the histogram in the JSON of a histogram observer.
 * @throws QuantizationError `QUANT_OBSERVER_STATE`.
 */
export function readState(kind: string, json: unknown): HistogramState | undefined {
  const reader = new StateReader(kind, json);
  if (reader.integer('empty', 0, 1)) return undefined;
  const min = reader.number('min');
  const state = {
    exponent: reader.integer('exponent', SMALLEST_EXPONENT, 1100),
    low: reader.integer('low', -MOST_BINS, 0),
    counts: reader.counts('counts', MOST_BINS),
    zeros: reader.integer('zeros', 0),
    min,
    max: reader.number('max', min),
  };
  const bins = binsOf(state.min, state.max);
  const fits =
    bins.exponent === state.exponent &&
    bins.low === state.low &&
    bins.high - bins.low + 1 === state.counts.length;
  if (!fits) throw reader.fault('counts', 'what its range needs');
  return state;
}
