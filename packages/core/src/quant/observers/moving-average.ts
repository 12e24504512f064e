import { type NumberArray, QuantizationError } from '../../tensor/index.js';
import type { RealRange } from '../qparams.js';
import { exactInteger, meanOf } from './exact-sum.js';
import type { Float32Scan } from './float32-scan.js';
import { finiteRange, noData, type Observer, type ObserverFactory, otherKind } from './observer.js';
import { StateReader } from './state.js';

const KIND = 'moving-average';

/** The mean of the samples' own smallest and largest values, summed exactly. */
export class MovingAverageObserver implements Observer {
  readonly kind = KIND;
  #samples = 0;
  #min = 0n;
  #max = 0n;

  observe(values: NumberArray, samples = 1, scan?: Float32Scan): void {
    const length = values.length / samples;
    if (!Number.isSafeInteger(length) || samples < 1) {
      throw new QuantizationError({
        code: 'QUANT_SAMPLES',
        message: `${values.length} elements are not ${samples} equally long samples.`,
      });
    }
    if (length === 0) return;
    finiteRange(values, scan);
    for (let sample = 0; sample < samples; sample++) {
      const { min, max } = finiteRange(values.subarray(sample * length, (sample + 1) * length), scan);
      this.#min += exactInteger(min);
      this.#max += exactInteger(max);
    }
    this.#samples += samples;
  }

  merge(other: Observer): void {
    if (!(other instanceof MovingAverageObserver)) throw otherKind(KIND, other.kind);
    this.#samples += other.#samples;
    this.#min += other.#min;
    this.#max += other.#max;
  }

  range(): RealRange {
    if (this.#samples === 0) throw noData(KIND);
    return { min: meanOf(this.#min, this.#samples), max: meanOf(this.#max, this.#samples) };
  }

  toJSON() {
    return {
      kind: KIND,
      samples: this.#samples,
      minSum: this.#min.toString(),
      maxSum: this.#max.toString(),
    };
  }

  static restore(state: unknown): MovingAverageObserver {
    const reader = new StateReader(KIND, state);
    const observer = new MovingAverageObserver();
    observer.#samples = reader.integer('samples', 0);
    observer.#min = reader.bigint('minSum');
    observer.#max = reader.bigint('maxSum');
    if (observer.#min > observer.#max) throw reader.fault('minSum', 'at most "maxSum"');
    return observer;
  }
}

export const movingAverage: ObserverFactory = {
  kind: KIND,
  description: 'The mean of the per-sample ranges: single outlying samples count little.',
  create: () => new MovingAverageObserver(),
  restore: (state) => MovingAverageObserver.restore(state),
};
