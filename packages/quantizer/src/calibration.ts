import {
  ChannelObservers,
  type ChannelsState,
  convertState,
  type Observer,
  type ObserverName,
  type ObserverOptions,
  type ObserverState,
  observers,
  type RealRange,
  rangeSqnr,
} from '@octavo/core/quant';
import { QuantizationError } from '@octavo/core/tensor';
import { calibrationMismatch } from './calibration-mismatch.js';
import { type CalibrationOrigin, joinOrigins } from './calibration-origin.js';
import { type ActivationPrecision, bitsOf } from './precision.js';
import { QuantizerError } from './quantizer-error.js';

/** The values to observe, and by which observers. */
export type Watched = ReadonlyMap<string, ReadonlySet<ObserverName>>;

/** The plain form of a calibration, as `octavo calibrate` writes it. */
export interface CalibrationState {
  readonly octavo: 'calibration';
  readonly version: 2;
  readonly samples: number;
  readonly origin?: CalibrationOrigin;
  readonly values: Readonly<Record<string, readonly ObserverState[]>>;
  /** The same channel by channel, where that was asked for. */
  readonly channels?: Readonly<Record<string, ChannelsState>>;
}

/** Values to observe channel by channel, each with its axis. */
export interface WatchedChannels {
  readonly observer: ObserverName;
  readonly axes: ReadonlyMap<string, number>;
}

const REMEDY = 'Merge shards of one calibration: the same model, recipe and flags.';

type Observed = ReadonlyMap<string, ReadonlyMap<ObserverName, Observer>>;

/**
 * What samples showed of the values of a model: one observer for each value and way of observing it. Depends only on the
 * samples seen, never on their order or on how they were shared between calibrations that were merged.
 */
export class Calibration {
  /** Samples seen. */
  samples: number;
  /** What it is observed on, where the caller says so: nothing else is merged with it. */
  origin: CalibrationOrigin | undefined;
  /** Observers by channel of some values. */
  readonly channels: ReadonlyMap<string, ChannelObservers>;
  private readonly observed: Observed;

  constructor(
    observed: Observed,
    samples = 0,
    channels: ReadonlyMap<string, ChannelObservers> = new Map(),
    origin?: CalibrationOrigin,
  ) {
    this.observed = observed;
    this.samples = samples;
    this.channels = channels;
    this.origin = origin;
  }

  static watching(watched: Watched, channels?: WatchedChannels): Calibration {
    return new Calibration(
      new Map(
        [...watched].map(([value, names]) => [
          value,
          new Map([...names].map((name) => [name, observers[name].create()])),
        ]),
      ),
      0,
      channels && channelObservers(channels),
    );
  }

  /** The values observed. */
  get values(): readonly string[] {
    return [...this.observed.keys()];
  }

  /** The observers of a value. */
  of(value: string): Iterable<Observer> {
    return this.observed.get(value)?.values() ?? [];
  }

  /** Whether a value was watched so that {@link range} can tell its range. */
  holds(value: string, { observer }: ActivationPrecision): boolean {
    return [...this.of(value)].some((each) => convertState(each.toJSON(), observer) !== undefined);
  }

  /**
   * The range to quantize a value in.
   * @throws QuantizerError `CALIBRATION_UNSEEN` when no sample produced it, or it was not watched so.
   */
  range(value: string, { observer, dtype, symmetric, percentile }: ActivationPrecision): RealRange {
    const states = [...this.of(value)].map((each) => convertState(each.toJSON(), observer));
    const state = states.find((each) => each !== undefined);
    if (!state) throw unseen(value, `the calibration has nothing for the observer ${observer}.`);
    try {
      const options = { bits: bitsOf(dtype), symmetric, ...(percentile === undefined ? {} : { percentile }) };
      return observers[observer].restore(state, options).range();
    } catch (error) {
      if (!(error instanceof QuantizationError) || error.code !== 'QUANT_NO_DATA') throw error;
      throw unseen(value, 'no sample produced a value of it.', error);
    }
  }

  /**
   * The range of each channel of a value, by the observer that saw its channels.
   * @throws QuantizerError `CALIBRATION_UNSEEN` when no sample produced it, or its channels were not watched.
   */
  channelRanges(value: string, options: ObserverOptions = {}): RealRange[] {
    const channels = this.channels.get(value);
    if (!channels) throw unseen(value, 'the calibration did not observe its channels.');
    if (channels.count === 0) throw unseen(value, 'no sample produced a value of it.');
    return channels.ranges(options);
  }

  /** Expected SQNR in dB of a value quantized in its range; undefined where no histogram of it was kept. */
  sqnr(value: string, precision: ActivationPrecision): number | undefined {
    const range = this.range(value, precision);
    for (const observer of this.of(value)) {
      const sqnr = rangeSqnr(observer.toJSON(), range, precision.dtype, precision.symmetric);
      if (sqnr !== undefined) return sqnr;
    }
    return undefined;
  }

  /**
   * Adds what another calibration has seen of the same values.
   * @param where The other one, for errors.
   * @throws QuantizerError `CALIBRATION_MISMATCH` when values, observers or models differ, or samples would count twice.
   */
  merge(other: Calibration, where?: string): void {
    if ((this.origin === undefined) !== (other.origin === undefined))
      throw calibrationMismatch(where, 'only one of the calibrations says which model it is of.', REMEDY);
    const origin = this.origin && other.origin && joinOrigins(this.origin, other.origin, where);
    this.requireSameValues(other, where);
    for (const [value, own] of this.observed) {
      for (const [name, observer] of own) {
        const more = other.observed.get(value)?.get(name);
        if (more) observer.merge(more);
      }
    }
    for (const [value, own] of this.channels) {
      const more = other.channels.get(value);
      if (more) own.merge(more);
    }
    this.samples += other.samples;
    this.origin = origin;
  }

  /** Throws QuantizerError `CALIBRATION_MISMATCH` when another calibration watches other values, or in other ways. */
  requireSameValues(other: Calibration, where?: string): void {
    const [own, theirs] = [watchedBy(this), watchedBy(other)];
    const differing = [
      ...own.filter((each) => !theirs.includes(each)),
      ...theirs.filter((each) => !own.includes(each)),
    ];
    const [first] = differing;
    if (first === undefined) return;
    const message = `the calibrations do not watch the same: ${differing.length} differ, such as ${first}.`;
    throw calibrationMismatch(where, message, REMEDY);
  }

  toJSON(): CalibrationState {
    const values = this.values.map((value) => [value, [...this.of(value)].map((each) => each.toJSON())]);
    return {
      octavo: 'calibration',
      version: 2,
      samples: this.samples,
      ...(this.origin ? { origin: this.origin } : {}),
      values: Object.fromEntries(values),
      ...(this.channels.size === 0
        ? {}
        : {
            channels: Object.fromEntries([...this.channels].map(([value, each]) => [value, each.toJSON()])),
          }),
    };
  }
}

function channelObservers({ observer, axes }: WatchedChannels): Map<string, ChannelObservers> {
  return new Map([...axes].map(([value, axis]) => [value, new ChannelObservers(observer, axis)]));
}

/** What a calibration watches, and how. */
function watchedBy(calibration: Calibration): string[] {
  const { values, channels } = calibration;
  return [
    ...values.map(
      (value) =>
        `${value} by ${[...calibration.of(value)]
          .map(({ kind }) => kind)
          .sort()
          .join(' and ')}`,
    ),
    ...[...channels].map(([value, { kind, axis }]) => `${value} by ${kind} along axis ${axis}`),
  ];
}

function unseen(value: string, message: string, cause?: Error): QuantizerError {
  return new QuantizerError({
    code: 'CALIBRATION_UNSEEN',
    where: `tensor ${value}`,
    message,
    remedy: 'Calibrate on samples that reach this branch, with this observer, or exclude the node.',
    ...(cause ? { cause } : {}),
  });
}
