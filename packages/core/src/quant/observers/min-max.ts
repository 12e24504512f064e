import type { NumberArray } from '../../tensor/index.js';
import type { RealRange } from '../qparams.js';
import type { Float32Scan } from './float32-scan.js';
import { finiteRange, noData, type Observer, type ObserverFactory, otherKind } from './observer.js';
import { StateReader } from './state.js';

const KIND = 'minmax';

/** The smallest and largest value ever seen. */
export class MinMaxObserver implements Observer {
  readonly kind = KIND;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  observe(values: NumberArray, _samples?: number, scan?: Float32Scan): void {
    this.#widen(finiteRange(values, scan));
  }

  merge(other: Observer): void {
    if (!(other instanceof MinMaxObserver)) throw otherKind(KIND, other.kind);
    this.#widen({ min: other.#min, max: other.#max });
  }

  range(): RealRange {
    if (this.#min > this.#max) throw noData(KIND);
    return { min: this.#min, max: this.#max };
  }

  toJSON() {
    return this.#min > this.#max ? { kind: KIND, empty: 1 } : { kind: KIND, empty: 0, ...this.range() };
  }

  static restore(state: unknown): MinMaxObserver {
    const reader = new StateReader(KIND, state);
    const observer = new MinMaxObserver();
    if (reader.integer('empty', 0, 1)) return observer;
    const min = reader.number('min');
    observer.#widen({ min, max: reader.number('max', min) });
    return observer;
  }

  #widen({ min, max }: RealRange): void {
    if (min < this.#min) this.#min = min;
    if (max > this.#max) this.#max = max;
  }
}

export const minMax: ObserverFactory = {
  kind: KIND,
  description: 'The smallest and largest value seen: nothing saturates, outliers cost resolution.',
  create: () => new MinMaxObserver(),
  restore: (state) => MinMaxObserver.restore(state),
};
