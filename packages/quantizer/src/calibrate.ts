import type { Model } from '@octavo/core/ir';
import {
  type Observer,
  type ObserverName,
  type ObserverOptions,
  observers,
  type RealRange,
} from '@octavo/core/quant';
import { QuantizationError, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { NamedTensors, Session } from '@octavo/runtime';
import { QuantizerError } from './quantizer-error.js';

/** Makes the float session that calibration runs on. */
export type SessionFactory = (
  model: Model,
  options: { readonly taps: readonly string[] },
) => Promise<Session>;

/** A calibration sample: feeds for one run of the model, and a name for messages. */
export interface CalibrationSample {
  readonly feeds: NamedTensors;
  readonly id?: string;
}

export interface CalibrationOptions extends ObserverOptions {
  readonly observer: ObserverName;
  readonly createSession: SessionFactory;
  readonly signal?: AbortSignal;
  /** Called after each sample with the number seen. */
  readonly onSample?: (seen: number) => void;
}

export interface Calibration {
  readonly ranges: ReadonlyMap<string, RealRange>;
  readonly samples: number;
}

/**
 * Runs samples through the float model and observes the values named: one observer a value, one pass, bounded memory.
 * @throws QuantizerError `CALIBRATION_EMPTY` without samples, `CALIBRATION_NAN` naming tensor and sample,
 *   `CALIBRATION_UNSEEN` when a value never appeared.
 */
export async function calibrate(
  model: Model,
  values: readonly string[],
  samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  options: CalibrationOptions,
): Promise<Calibration> {
  const watching = new Map<string, Observer>(
    values.map((name) => [name, observers[options.observer].create(options)]),
  );
  using session = await options.createSession(model, { taps: values });
  let seen = 0;
  for await (const sample of samples) {
    options.signal?.throwIfAborted();
    const id = sample.id ?? `sample ${seen}`;
    const onTap = (name: string, tensor: Tensor): void => {
      const observer = watching.get(name);
      if (observer) observe(observer, name, tensor, id);
    };
    await session.run(sample.feeds, options.signal ? { onTap, signal: options.signal } : { onTap });
    seen++;
    options.onSample?.(seen);
  }
  if (seen === 0) {
    throw new QuantizerError({
      code: 'CALIBRATION_EMPTY',
      message: 'the calibration data holds no samples.',
      remedy: 'Give a path with data, or a larger --samples.',
    });
  }
  return {
    ranges: new Map([...watching].map(([name, observer]) => [name, rangeOf(observer, name)])),
    samples: seen,
  };
}

function observe(observer: Observer, name: string, tensor: Tensor, id: string): void {
  try {
    observer.observe(toNumbers(tensor));
  } catch (error) {
    if (!(error instanceof QuantizationError) || error.code !== 'QUANT_NOT_FINITE') throw error;
    throw new QuantizerError({
      code: 'CALIBRATION_NAN',
      where: `${id}, tensor ${name}`,
      message: error.fault,
      remedy: 'Remove the sample, or repair the data or the preprocessing that made it.',
      cause: error,
    });
  }
}

function rangeOf(observer: Observer, name: string): RealRange {
  try {
    return observer.range();
  } catch (error) {
    if (!(error instanceof QuantizationError) || error.code !== 'QUANT_NO_DATA') throw error;
    throw new QuantizerError({
      code: 'CALIBRATION_UNSEEN',
      where: `tensor ${name}`,
      message: 'no sample produced a value of it.',
      remedy: 'Use samples that reach this branch, or exclude the node.',
      cause: error,
    });
  }
}
