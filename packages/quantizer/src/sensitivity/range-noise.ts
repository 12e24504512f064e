import type { HistogramState } from '@octavo/core/quant';

/** The real numbers that integers of some type can stand for. */
export interface IntegerGrid {
  readonly scale: number;
  /** The smallest and the largest representable number. */
  readonly low: number;
  readonly high: number;
}

/** What quantizing some values to a grid costs. */
export interface RangeNoise {
  /** Mean squared error of the values inside the grid, over all values. */
  readonly rounding: number;
  /** Mean squared error of the values beyond its ends, over all values. */
  readonly saturation: number;
  /** Share of the values beyond its ends. */
  readonly saturated: number;
}

/** The integers of `bits` bits over a range widened to contain 0, with a zero point (asymmetric parameters). */
export function gridOfRange(
  range: { readonly min: number; readonly max: number },
  bits: number,
): IntegerGrid {
  const min = Math.min(range.min, 0);
  const max = Math.max(range.max, 0);
  const steps = 2 ** bits - 1;
  const scale = max > min ? (max - min) / steps : 1;
  const low = -Math.round(-min / scale) * scale;
  return { scale, low, high: low + steps * scale };
}

/**
 * Expected squared error of quantizing the values that a histogram holds, taken as uniform inside each bin; exact zeros
 * cost nothing.
 */
export function rangeNoise(histogram: HistogramState, grid: IntegerGrid): RangeNoise {
  const { counts, low, exponent, zeros } = histogram;
  const width = 2 ** exponent;
  const { scale } = grid;
  const spread = (width * width) / 12;
  const half = scale / 2;
  let [rounding, saturation, beyond, total] = [0, 0, 0, zeros];
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] ?? 0;
    if (count === 0) continue;
    total += count;
    const center = (i + low + 0.5) * width;
    if (center >= grid.low - half && center <= grid.high + half) {
      const steps =
        roundingIntegral((center + width / 2) / scale) - roundingIntegral((center - width / 2) / scale);
      rounding += (count * steps * scale ** 3) / width;
      continue;
    }
    const error = center - (center < 0 ? grid.low : grid.high);
    saturation += count * (error * error + spread);
    beyond += count;
  }
  if (total === 0) return { rounding: 0, saturation: 0, saturated: 0 };
  return { rounding: rounding / total, saturation: saturation / total, saturated: beyond / total };
}

/** Integral of the squared distance to the nearest integer, from 0 to `x`. */
function roundingIntegral(x: number): number {
  const nearest = Math.round(x);
  return nearest / 12 + (x - nearest) ** 3 / 3;
}

/**
 * The number below whose magnitude a share of the values lie, to the width of a bin; exact zeros count.
 * @param share 0 to 1.
 */
export function magnitudeQuantile(histogram: HistogramState, share: number): number {
  const { counts, low, exponent, zeros } = histogram;
  const width = 2 ** exponent;
  const reach = Math.max(-low, counts.length + low);
  const magnitudes = new Float64Array(reach);
  let total = zeros;
  for (let i = 0; i < counts.length; i++) {
    const bin = i + low;
    const count = counts[i] ?? 0;
    const at = bin < 0 ? -bin - 1 : bin;
    magnitudes[at] = (magnitudes[at] ?? 0) + count;
    total += count;
  }
  let seen = zeros;
  if (seen >= share * total) return 0;
  for (let i = 0; i < reach; i++) {
    seen += magnitudes[i] ?? 0;
    if (seen >= share * total) return Math.min((i + 1) * width, Math.max(-histogram.min, histogram.max));
  }
  return Math.max(-histogram.min, histogram.max);
}
