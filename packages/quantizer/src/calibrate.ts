import type { Model } from '@octavo/core/ir';
import type { Float32Scan } from '@octavo/core/quant';
import { QuantizationError, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { NamedTensors, Session } from '@octavo/runtime';
import { Calibration, type Watched } from './calibration.js';
import { Checkpoint } from './checkpoint.js';
import { QuantizerError } from './quantizer-error.js';

/** Makes the float session that calibration runs on. */
export interface SessionFactory {
  (model: Model, options: { readonly taps: readonly string[] }): Promise<Session>;
  /** Goes over what its sessions observe; TypeScript by default. No result depends on it. */
  readonly scan?: Float32Scan | undefined;
}

/** A calibration sample: feeds for one run of the model, and a name for messages. */
export interface CalibrationSample {
  readonly feeds: NamedTensors;
  readonly id?: string;
  /** Samples that lie behind one another along the first axis of the feeds; default 1. */
  readonly count?: number;
}

export interface CalibrationOptions {
  readonly createSession: SessionFactory;
  readonly signal?: AbortSignal;
  /** Called after each sample with the number seen. */
  readonly onSample?: (seen: number) => void;
  /** Told what was observed so far after every so many samples. */
  readonly onCheckpoint?: {
    readonly every: number;
    readonly save: (calibration: Calibration) => Promise<void>;
  };
}

/**
 * Runs samples through the float model and observes the values named: one pass, bounded memory.
 * @throws QuantizerError `CALIBRATION_EMPTY` without samples, `CALIBRATION_NAN` naming tensor and sample.
 */
export async function calibrate(
  model: Model,
  watched: Watched,
  samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  options: CalibrationOptions,
): Promise<Calibration> {
  const calibration = Calibration.watching(watched);
  await observeSamples(model, calibration, samples, options);
  if (calibration.samples > 0) return calibration;
  throw new QuantizerError({
    code: 'CALIBRATION_EMPTY',
    message: 'the calibration data holds no samples.',
    remedy: 'Give a path with data, or a larger --samples.',
  });
}

/** Adds samples to a calibration. Throws QuantizerError `CALIBRATION_NAN`. */
export async function observeSamples(
  model: Model,
  calibration: Calibration,
  samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  options: CalibrationOptions,
): Promise<void> {
  const { createSession, onCheckpoint } = options;
  const { scan } = createSession;
  using session = await createSession(model, { taps: calibration.values });
  for await (const sample of new Checkpoint(options.signal).each(samples)) {
    const { count = 1, id = `sample ${calibration.samples}` } = sample;
    const onTap = (name: string, tensor: Tensor): void => {
      // Values without a sample axis, such as shapes made into floats, are one sample's.
      const stacked = tensor.shape[0] !== undefined && tensor.shape[0] % count === 0 ? count : 1;
      const values = toNumbers(tensor);
      const channels = calibration.channels.get(name);
      const observe = (): void => {
        for (const observer of calibration.of(name)) observer.observe(values, stacked, scan);
        channels?.observe(values, tensor.shape, stacked, scan);
      };
      observing(name, id, observe);
    };
    await session.run(sample.feeds, options.signal ? { onTap, signal: options.signal } : { onTap });
    calibration.samples += count;
    options.onSample?.(calibration.samples);
    if (onCheckpoint && calibration.samples % onCheckpoint.every === 0) await onCheckpoint.save(calibration);
  }
}

/** Names sample and tensor where an observer refuses NaN. */
function observing(name: string, id: string, observe: () => void): void {
  try {
    observe();
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
