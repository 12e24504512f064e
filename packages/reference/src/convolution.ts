import type { ConvAttributes } from '@octavo/core/ir';
import { convWindow, resolvePads, windowDims } from '@octavo/core/ir';
import { type Shape, TensorError } from '@octavo/core/tensor';
import type { FloatArray } from './floats.js';
import { addProduct } from './matrix-product.js';

/** Sizes along depth, height and width; missing spatial axes count 1. */
export type Extent = readonly [number, number, number];

/** A convolution of up to three spatial axes, as one of exactly three. */
export interface Convolution {
  readonly batch: number;
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly input: Extent;
  readonly kernel: Extent;
  readonly output: Extent;
  readonly strides: Extent;
  readonly dilations: Extent;
  /** Pads before the first element of each axis. */
  readonly begins: Extent;
  /** `[N, M, spatial...]` with the spatial axes that x has. */
  readonly shape: Shape;
}

/** Puts `fill` before a list of one to three entries. */
export function toExtent(list: readonly number[], fill: number): Extent {
  const [a = fill, b = fill, c = fill] = [...new Array<number>(3 - list.length).fill(fill), ...list];
  return [a, b, c];
}

/** Number of elements of an extent. */
export function volume([depth, height, width]: Extent): number {
  return depth * height * width;
}

/** Throws TensorError `TENSOR_SHAPE` when x `[N, C, spatial...]` and w `[M, C / group, kernel...]` do not fit. */
export function planConvolution(x: Shape, w: Shape, attributes: ConvAttributes): Convolution {
  const [batch = 1, inChannels = 1, ...spatial] = x;
  const [outChannels = 1, perGroup = 1, ...kernel] = w;
  const groups = attributes.group;
  checkChannels(x, w, perGroup * groups === inChannels && outChannels % groups === 0);
  const window = convWindow(attributes, kernel);
  const output = windowDims(spatial, window).map(Number);
  const ones = kernel.map(() => 1);
  return {
    batch,
    groups,
    inChannels,
    outChannels,
    input: toExtent(spatial, 1),
    kernel: toExtent(kernel, 1),
    output: toExtent(output, 1),
    strides: toExtent(attributes.strides ?? ones, 1),
    dilations: toExtent(attributes.dilations ?? ones, 1),
    begins: toExtent(resolvePads(spatial, window).slice(0, spatial.length), 0),
    shape: [batch, outChannels, ...output],
  };
}

/** Throws TensorError `TENSOR_SHAPE` unless channels fit and there are one to three spatial axes. */
export function checkChannels(x: Shape, w: Shape, channelsFit: boolean): void {
  if (channelsFit && x.length === w.length && x.length >= 3 && x.length <= 5) return;
  throw new TensorError({
    code: 'TENSOR_SHAPE',
    message: `an input [${x.join(', ')}] does not convolve with weights [${w.join(', ')}].`,
    remedy: 'Convolutions have one to three spatial axes, and channels that divide into groups.',
  });
}

/** Floats that one tile of unrolled patches may take; it then stays in the second-level cache. */
const TILE = 2 ** 18;

/**
 * Sums of products in float64, `[N, M, spatial...]`; see `addProduct`. Patches of x are laid out as columns of a
 * matrix, a few output rows at a time, and multiplied with the weights of a group.
 */
export function convolve(x: FloatArray, w: FloatArray, plan: Convolution): Float64Array {
  const { batch, groups, output } = plan;
  const [inPerGroup, outPerGroup] = [plan.inChannels / groups, plan.outChannels / groups];
  const inner = inPerGroup * volume(plan.kernel);
  const [plane, width] = [volume(output), output[2]];
  const [sums, rows] = [new Float64Array(batch * plan.outChannels * plane), output[0] * output[1]];
  const rowsAtOnce = Math.min(rows, Math.max(1, Math.floor(TILE / Math.max(1, inner * width))));
  const patches =
    x instanceof Float32Array
      ? new Float32Array(inner * rowsAtOnce * width)
      : new Float64Array(inner * rowsAtOnce * width);
  for (let image = 0; image < batch * groups; image++) {
    const a = { data: w, offset: (image % groups) * outPerGroup * inner, stride: inner };
    for (let row = 0; row < rows; row += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - row);
      const columns = count * width;
      layOutPatches(patches, x, image * inPerGroup, plan, row, count);
      addProduct(
        { data: sums, offset: image * outPerGroup * plane + row * width, stride: plane },
        a,
        { data: patches, offset: 0, stride: columns },
        { rows: outPerGroup, inner, columns },
      );
    }
  }
  return sums;
}

/** Writes one line for each channel and kernel position: the elements that it meets in `count` output rows. */
function layOutPatches(
  patches: FloatArray,
  x: FloatArray,
  firstChannel: number,
  plan: Convolution,
  firstRow: number,
  count: number,
): void {
  const { input, kernel, output, strides, dilations, begins } = plan;
  const plane = volume(input);
  let at = 0;
  for (let channel = 0; channel < plan.inChannels / plan.groups; channel++) {
    for (let position = 0; position < volume(kernel); position++) {
      const kx = position % kernel[2];
      const ky = Math.floor(position / kernel[2]) % kernel[1];
      const kz = Math.floor(position / (kernel[2] * kernel[1]));
      const left = kx * dilations[2] - begins[2];
      for (let row = firstRow; row < firstRow + count; row++, at += output[2]) {
        const z = Math.floor(row / output[1]) * strides[0] + kz * dilations[0] - begins[0];
        const y = (row % output[1]) * strides[1] + ky * dilations[1] - begins[1];
        const inside = z >= 0 && z < input[0] && y >= 0 && y < input[1];
        const start = (firstChannel + channel) * plane + (z * input[1] + y) * input[2];
        if (inside) copyRow(patches, at, output[2], x, start, left, input[2], strides[2]);
        else patches.fill(0, at, at + output[2]);
      }
    }
  }
}

/** `count` elements of an input row from `left` in steps of `stride`; zeros outside the row. */
function copyRow(
  to: FloatArray,
  at: number,
  count: number,
  from: FloatArray,
  start: number,
  left: number,
  width: number,
  stride: number,
): void {
  for (let i = 0, x = left; i < count; i++, x += stride) {
    to[at + i] = x >= 0 && x < width ? (from[start + x] ?? 0) : 0;
  }
}
