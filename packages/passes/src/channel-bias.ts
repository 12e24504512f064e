import type { Dim } from '@octavo/core/ir';

/**
 * Whether a constant of shape `shape` adds one number to each of `channels` channels (or the same to all) of a tensor
 * of rank `rank` with its channels on `axis`: every other axis has size 1.
 */
export function isPerChannel(
  shape: readonly number[],
  rank: number,
  axis: number,
  channels: Dim | undefined,
): boolean {
  if (shape.length > rank) return false;
  return shape.every((size, i) => size === 1 || (i + rank - shape.length === axis && size === channels));
}

/** One number a channel from a per-channel or scalar constant. */
export function perChannel(values: ArrayLike<number> | undefined, channels: number): Float64Array {
  const list = new Float64Array(channels);
  for (let c = 0; c < channels; c++) list[c] = values?.[values.length === 1 ? 0 : c] ?? 0;
  return list;
}
