import type { NumberArray } from '@octavo/core/tensor';

/**
 * How the elements of weights belong to output channels: in runs of `length` elements, one for each channel of a group, of which
 * `rows` follow each other before those of the next group.
 */
export interface ChannelRuns {
  readonly length: number;
  readonly channels: number;
  readonly rows: number;
}

export type ChannelsOf = (shape: readonly number[]) => ChannelRuns;

function size(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Conv's weights `[M, C / group, kernel...]`, and matrices `[M, K]`. */
export const firstAxis: ChannelsOf = ([channels = 1, ...rest]) => ({ length: size(rest), channels, rows: 1 });

/** Matrices `[K, M]`. */
export const lastAxis: ChannelsOf = (shape) => ({
  length: 1,
  channels: shape.at(-1) ?? 1,
  rows: Number.POSITIVE_INFINITY,
});

/** ConvTranspose's weights `[C, M / group, kernel...]`: channel j of the group that input channel c lies in. */
export function transposedChannels(group: number): ChannelsOf {
  return ([inputs = 1, channels = 1, ...kernel]) => ({
    length: size(kernel),
    channels,
    rows: inputs / group,
  });
}

/** Multiplies each element by the factor of its channel, in float64, and rounds it once to the type of `into`. */
export function scaleChannels(
  values: NumberArray,
  factors: Float64Array,
  { length, channels, rows }: ChannelRuns,
  into: Float32Array | Float64Array,
): void {
  for (let run = 0, at = 0; at < values.length; run++) {
    const group = Math.floor(Math.floor(run / channels) / rows);
    const factor = factors[group * channels + (run % channels)] ?? 1;
    for (const end = at + length; at < end; at++) into[at] = (values[at] ?? 0) * factor;
  }
}
