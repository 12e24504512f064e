import type { Shape } from '@octavo/core/tensor';
import type { FloatArray } from './floats.js';

/** A tensor `[N, C, spatial...]` as planes of `size` elements. */
export interface Planes {
  readonly batch: number;
  readonly channels: number;
  readonly size: number;
}

/** `spatial` false makes every position a channel of its own. A vector counts as samples of one channel. */
export function planesOf(shape: Shape, spatial: boolean): Planes {
  const [batch = 1, channels = 1, ...rest] = shape;
  const size = rest.reduce((a, b) => a * b, 1);
  return spatial ? { batch, channels, size } : { batch, channels: channels * size, size: 1 };
}

/** Mean and variance of each channel over samples and positions. */
export function batchMoments(
  values: FloatArray,
  { batch, channels, size }: Planes,
): { readonly mean: Float64Array; readonly variance: Float64Array } {
  const [mean, variance] = [new Float64Array(channels), new Float64Array(channels)];
  const count = batch * size;
  values.forEach((value, i) => {
    const c = Math.floor(i / size) % channels;
    mean[c] = (mean[c] ?? 0) + value / count;
  });
  values.forEach((value, i) => {
    const c = Math.floor(i / size) % channels;
    variance[c] = (variance[c] ?? 0) + (value - (mean[c] ?? 0)) ** 2 / count;
  });
  return { mean, variance };
}
