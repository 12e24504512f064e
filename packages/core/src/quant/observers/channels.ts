import { type NumberArray, normalizeAxis, QuantizationError, type Shape } from '../../tensor/index.js';
import type { RealRange } from '../qparams.js';
import type { Float32Scan } from './float32-scan.js';
import { isObserverName, type ObserverName, observers } from './index.js';
import { badState, type Observer, type ObserverOptions, type ObserverState, otherKind } from './observer.js';

/** The plain form of {@link ChannelObservers}. */
export interface ChannelsState {
  readonly kind: string;
  readonly axis: number;
  readonly channels: readonly ObserverState[];
}

/** More channels than any layer has: what a damaged file may ask for. */
const MOST_CHANNELS = 2 ** 20;

/**
 * One observer for each index along an axis of a tensor, each of which sees what it would see of a tensor of its channel
 * alone: one pass, merged exactly. Memory is that of one observer times the number of channels (histograms: at most 32 KB
 * each; min-max: two numbers).
 */
export class ChannelObservers {
  readonly kind: ObserverName;
  /** Negative counts from the end. */
  readonly axis: number;
  #channels: Observer[] = [];

  constructor(kind: ObserverName, axis: number) {
    this.kind = kind;
    this.axis = axis;
  }

  /** Number of channels; 0 before the first value. */
  get count(): number {
    return this.#channels.length;
  }

  /**
   * @param samples How many equally long samples lie behind one another along axis 0; only per-sample observers care.
   * @throws QuantizationError `QUANT_CHANNELS` when the number of channels changes; as `Observer.observe`.
   */
  observe(values: NumberArray, shape: Shape, samples = 1, scan?: Float32Scan): void {
    const axis = normalizeAxis(this.axis, shape.length);
    const count = shape[axis] ?? 1;
    if (values.length === 0) return;
    this.#expect(count);
    const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    const outer = values.length / count / inner;
    const own = new (values instanceof Float32Array ? Float32Array : Float64Array)(outer * inner);
    this.#channels.forEach((observer, channel) => {
      for (let o = 0; o < outer; o++) {
        const from = (o * count + channel) * inner;
        for (let i = 0; i < inner; i++) own[o * inner + i] = values[from + i] ?? 0;
      }
      observer.observe(own, axis === 0 ? 1 : samples, scan);
    });
  }

  /** Adds what others have seen. Throws QuantizationError `QUANT_OBSERVER_KIND`, `QUANT_CHANNELS`. */
  merge(other: ChannelObservers): void {
    if (other.kind !== this.kind || other.axis !== this.axis) throw otherKind(this.kind, other.kind);
    if (other.count === 0) return;
    this.#expect(other.count);
    other.#channels.forEach((observer, channel) => {
      this.#channels[channel]?.merge(observer);
    });
  }

  /**
   * The range to quantize each channel in.
   * @throws QuantizationError `QUANT_NO_DATA` before the first value.
   */
  ranges(options: ObserverOptions = {}): RealRange[] {
    const { kind } = this;
    if (this.count === 0) return [observers[kind].create(options).range()];
    return this.#channels.map((each) => observers[kind].restore(each.toJSON(), options).range());
  }

  toJSON(): ChannelsState {
    return { kind: this.kind, axis: this.axis, channels: this.#channels.map((each) => each.toJSON()) };
  }

  /** Rebuilds the observers from the JSON of `toJSON`. Throws QuantizationError `QUANT_OBSERVER_STATE`. */
  static restore({ kind, axis, channels }: ChannelsState): ChannelObservers {
    if (!isObserverName(kind)) throw badState(kind, 'there is no observer of this name');
    if (!Number.isSafeInteger(axis) || Math.abs(axis) > 64) throw badState(kind, '"axis" is no axis');
    if (channels.length > MOST_CHANNELS) throw badState(kind, 'it has too many channels');
    const restored = new ChannelObservers(kind, axis);
    restored.#channels = channels.map((state) => observers[kind].restore(state));
    return restored;
  }

  #expect(count: number): void {
    if (this.count === 0) this.#channels = Array.from({ length: count }, () => observers[this.kind].create());
    if (this.count === count) return;
    throw new QuantizationError({
      code: 'QUANT_CHANNELS',
      message: `${count} channels where ${this.count} were seen before.`,
      remedy: 'Observe along an axis whose size does not change.',
    });
  }
}
