/** Which output channel an element of the weights belongs to, from its position and the weights' shape. */
export type ChannelOf = (index: number, shape: readonly number[]) => number;

function size(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Conv's weights `[M, C / group, kernel...]`, and matrices `[M, K]`. */
export const firstAxis: ChannelOf = (index, shape) => Math.floor(index / size(shape.slice(1)));

/** Matrices `[K, M]`. */
export const lastAxis: ChannelOf = (index, shape) => index % (shape.at(-1) ?? 1);

/** ConvTranspose's weights `[C, M / group, kernel...]`: channel j of the group that input channel c lies in. */
export function transposedChannels(group: number): ChannelOf {
  return (index, [channels = 1, perGroup = 1, ...kernel]) => {
    const row = Math.floor(index / size(kernel));
    const block = Math.floor(Math.floor(row / perGroup) / (channels / group));
    return block * perGroup + (row % perGroup);
  };
}
