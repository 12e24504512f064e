import type { RealRange } from '../qparams.js';

/*
 * Loops over calibration activations, billions of them. Both read bit patterns too: where half of the elements are 0 (as
 * behind a ReLU), comparisons of the numbers themselves mispredict and cost up to eight times as much.
 */

/** Bit patterns of infinity and of negative infinity, as {@link ordered} maps them: NaNs lie beyond. */
const [INFINITE, NEGATIVE_INFINITE] = [ordered(0x7f800000), ordered(0xff800000 | 0)];

/** Bit patterns of binary32 numbers to integers in the order of the numbers, -0 below 0; its own inverse. */
function ordered(bits: number): number {
  return bits ^ ((bits >> 31) & 0x7fffffff);
}

/** The smallest and largest of some values; undefined where one is NaN or infinite. */
export function float32Range(values: Float32Array): RealRange | undefined {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  let [least, most] = [0x7fffffff, -0x80000000];
  for (let i = 0; i < bits.length; i++) {
    const pattern = bits[i] ?? 0;
    const key = pattern ^ ((pattern >> 31) & 0x7fffffff);
    if (key < least) least = key;
    if (key > most) most = key;
  }
  if (least <= NEGATIVE_INFINITE || most >= INFINITE) return undefined;
  const [min = 0, max = 0] = new Float32Array(Int32Array.of(ordered(least), ordered(most)).buffer);
  return { min: min + 0, max: max + 0 };
}

/** Bins `[low + i, low + i + 1) * 2^exponent`. */
export interface Bins {
  readonly exponent: number;
  readonly low: number;
  readonly size: number;
}

export interface BinCounts {
  /** Elements in each bin, zeros left out. */
  readonly counts: Int32Array;
  /** Exact zeros. */
  readonly zeros: number;
}

/** The loops over activations: those of this file, or a native library's, which give the same. */
export interface Float32Scan {
  /** The smallest and largest of at least one value; undefined where one is NaN or infinite. */
  range(values: Float32Array): RealRange | undefined;
  /** @param values Finite, and within the bins. */
  count(values: Float32Array, bins: Bins): BinCounts;
}

/** As {@link Float32Scan.count}. */
export function countFloat32(values: Float32Array, { exponent, low, size }: Bins): BinCounts {
  const perWidth = 2 ** -exponent;
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  // Neighbours often share a bin: a count of its own for every other one spares a wait for the last store.
  const [even, odd] = [new Int32Array(size), new Int32Array(size)];
  let nonZeros = 0;
  for (let i = 0; i + 1 < values.length; i += 2) {
    const a = (bits[i] ?? 0) << 1;
    const b = (bits[i + 1] ?? 0) << 1;
    nonZeros = (nonZeros + ((a | -a) >>> 31) + ((b | -b) >>> 31)) | 0;
    const left = (Math.floor((values[i] ?? 0) * perWidth) - low) | 0;
    const right = (Math.floor((values[i + 1] ?? 0) * perWidth) - low) | 0;
    even[left] = ((even[left] ?? 0) + 1) | 0;
    odd[right] = ((odd[right] ?? 0) + 1) | 0;
  }
  if (values.length % 2 === 1) {
    const last = values.at(-1) ?? 0;
    const bin = Math.floor(last * perWidth) - low;
    even[bin] = (even[bin] ?? 0) + 1;
    if (last !== 0) nonZeros++;
  }
  for (let bin = 0; bin < size; bin++) even[bin] = (even[bin] ?? 0) + (odd[bin] ?? 0);
  const zeros = values.length - nonZeros;
  even[-low] = (even[-low] ?? 0) - zeros;
  return { counts: even, zeros };
}

export const float32Scan: Float32Scan = { range: float32Range, count: countFloat32 };
