import { qparamsOfRange, type RealRange, representableRange } from '../qparams.js';
import { type StorageDType, storageRange } from '../quantized-type.js';
import { readState } from './histogram-observer.js';
import { expectedSquaredError } from './mse.js';
import type { ObserverState } from './observer.js';

/**
 * Expected signal to quantization noise in dB of the values behind a histogram observer's state, rounding and saturation
 * together, when they are quantized in a range. Undefined without values, and where the state is no histogram.
 */
export function rangeSqnr(
  state: ObserverState,
  range: RealRange,
  storage: StorageDType,
  symmetric: boolean,
): number | undefined {
  const histogram = state['counts'] === undefined ? undefined : readState(state.kind, state);
  if (!histogram) return undefined;
  const { counts, low, exponent } = histogram;
  const signal = counts.reduce((sum, count, i) => sum + count * (i + low + 0.5) ** 2, 0);
  const ends = representableRange(qparamsOfRange(range, storage, symmetric), storage);
  const width = 2 ** exponent;
  const steps = storageRange(storage).max - storageRange(storage).min;
  const noise = expectedSquaredError(histogram, { below: -ends.min / width, above: ends.max / width }, steps);
  return signal === 0 ? undefined : 10 * Math.log10(signal / noise);
}
