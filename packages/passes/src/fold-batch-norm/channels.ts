import type { NumberArray } from '@octavo/core/tensor';

/**
 * How the elements of weights belong to output channels: runs of `length` elements, of which run `index` belongs to
 * channel `of(index)`.
 */
export interface ChannelRuns {
  readonly length: number;
  of(index: number): number;
}

export type ChannelsOf = (shape: readonly number[]) => ChannelRuns;

function size(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Conv's weights `[M, C / group, kernel...]`, and matrices `[M, K]`. */
export const firstAxis: ChannelsOf = (shape) => ({ length: size(shape.slice(1)), of: (row) => row });

/** Matrices `[K, M]`. */
export const lastAxis: ChannelsOf = (shape) => {
  const columns = shape.at(-1) ?? 1;
  return { length: 1, of: (index) => index % columns };
};

/** ConvTranspose's weights `[C, M / group, kernel...]`: channel j of the group that input channel c lies in. */
export function transposedChannels(group: number): ChannelsOf {
  return ([channels = 1, perGroup = 1, ...kernel]) => ({
    length: size(kernel),
    of: (row) => {
      const block = Math.floor(Math.floor(row / perGroup) / (channels / group));
      return block * perGroup + (row % perGroup);
    },
  });
}

/** Multiplies each element by the factor of its channel, in float64, and rounds it once to the type of `into`. */
export function scaleChannels(
  values: NumberArray,
  factors: Float64Array,
  { length, of }: ChannelRuns,
  into: Float32Array | Float64Array,
): void {
  for (let run = 0, at = 0; at < values.length; run++) {
    const factor = factors[of(run)] ?? 1;
    for (const end = at + length; at < end; at++) into[at] = (values[at] ?? 0) * factor;
  }
}
