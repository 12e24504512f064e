import type { Scored } from '../metrics/index.js';

/** By how much quantization moved each prediction: `(quantized - original) / |original|`; NaN where either is not finite. */
export function relativeChanges(scored: readonly Scored[], original: readonly Scored[]): Float64Array {
  return Float64Array.from(scored, ({ prediction }, i) => {
    const before = original[i]?.prediction ?? Number.NaN;
    if (prediction === before) return 0;
    const change = (prediction - before) / Math.abs(before);
    return Number.isFinite(change) ? change : Number.NaN;
  });
}

/** Mean of the numbers that are; NaN when there are none. */
export function meanOf(values: Float64Array, indices: Iterable<number>): number {
  let [sum, count] = [0, 0];
  for (const index of indices) {
    const value = values[index] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return sum / count;
}
