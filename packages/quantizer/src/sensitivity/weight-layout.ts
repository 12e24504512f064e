import { Conv, type Node } from '@octavo/core/ir';
import type { NumberArray, Shape } from '@octavo/core/tensor';
import type { ComputeParts } from '../compute-ops.js';

/**
 * A weight seen as `[rows, columns, inner]`, with one of the first two counting output channels and the other the
 * input channels of a group; `inner` is the positions of a convolution's kernel.
 */
export interface WeightLayout {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly groups: number;
  readonly outputFirst: boolean;
  readonly outputChannels: number;
  readonly inputChannels: number;
}

/** The layout of a layer's weight (Conv, ConvTranspose, Gemm and MatMul). */
export function weightLayout(parts: ComputeParts, shape: Shape): WeightLayout {
  const [rows = 1, columns = 1, ...kernel] = shape;
  const outputFirst = parts.channelAxis === 0;
  const groups = groupsOf(parts.node);
  const inner = kernel.reduce((product, size) => product * size, 1);
  return {
    rows,
    columns,
    inner,
    groups,
    outputFirst,
    outputChannels: outputFirst ? rows : columns * groups,
    inputChannels: outputFirst ? columns * groups : rows,
  };
}

function groupsOf(node: Node): number {
  return Conv.is(node) ? (Conv.attributes(node).group ?? 1) : 1;
}

/**
 * `sum over the weight's elements of squares[i] * power[input channel of i]`, divided by the output channels: the mean
 * square of an output element when the inputs' products do not correlate, borders left aside.
 * @param squares Squared weights, or squared errors of weights, in the weight's order.
 * @param power Mean square of each input channel, or one number for all.
 */
export function meanOutputSquare(
  layout: WeightLayout,
  squares: (index: number) => number,
  power: NumberArray | number,
): number {
  const { rows, columns, inner, groups, outputFirst } = layout;
  const groupRows = rows / groups;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const offset = Math.floor(row / groupRows) * columns;
    for (let column = 0; column < columns; column++) {
      const channel = outputFirst ? offset + column : row;
      const own = typeof power === 'number' ? power : (power[channel] ?? 0);
      const start = (row * columns + column) * inner;
      let squared = 0;
      for (let i = start; i < start + inner; i++) squared += squares(i);
      sum += own * squared;
    }
  }
  return sum / layout.outputChannels;
}
