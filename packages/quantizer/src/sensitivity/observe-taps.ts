import type { Model } from '@octavo/core/ir';
import type { Float32Scan } from '@octavo/core/quant';
import { type NumberArray, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { CalibrationSample, SessionFactory } from '../calibrate.js';
import { Checkpoint } from '../checkpoint.js';
import { groupBy } from '../group-by.js';
import { QuantizerError } from '../quantizer-error.js';

export interface StatisticsOptions {
  readonly createSession: SessionFactory;
  readonly signal?: AbortSignal | undefined;
  readonly onSample?: ((seen: number) => void) | undefined;
}

/** A value of a graph as one sample has it. */
export interface Tapped {
  readonly name: string;
  readonly values: NumberArray;
  readonly shape: readonly number[];
  readonly scan: Float32Scan | undefined;
}

/** Whoever wants to see some values of a graph. */
export interface TapObserver {
  /** Names of the values. */
  readonly taps: readonly string[];
  see(value: Tapped): void;
}

/**
 * Runs samples once through a prepared float model and shows observers their values.
 * @throws QuantizerError `CALIBRATION_EMPTY` without samples; the signal's reason.
 */
export async function observeTaps(
  model: Model,
  samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  observers: readonly TapObserver[],
  { createSession, signal, onSample }: StatisticsOptions,
): Promise<void> {
  const wanted = observers.flatMap((observer) =>
    [...new Set(observer.taps)].map((name) => ({ name, observer })),
  );
  const byName = groupBy(wanted, ({ name }) => name);
  using session = await createSession(model, { taps: [...byName.keys()] });
  const { scan } = createSession;
  const onTap = (name: string, tensor: Tensor): void => {
    const value: Tapped = { name, values: toNumbers(tensor), shape: tensor.shape, scan };
    for (const { observer } of byName.get(name) ?? []) observer.see(value);
  };
  let seen = 0;
  for await (const { feeds } of new Checkpoint(signal).each(samples)) {
    await session.run(feeds, { onTap, ...(signal ? { signal } : {}) });
    seen++;
    onSample?.(seen);
  }
  if (seen > 0) return;
  throw new QuantizerError({
    code: 'CALIBRATION_EMPTY',
    message: 'the data holds no samples.',
    remedy: 'Give a path with data, or a larger --samples.',
  });
}
