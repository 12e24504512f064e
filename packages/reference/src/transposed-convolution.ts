import {
  type ConvAttributes,
  convWindow,
  resolveTransposedPads,
  transposedWindowDims,
} from '@octavo/core/ir';
import { type Shape, transposeMatrix } from '@octavo/core/tensor';
import { type Convolution, checkChannels, toExtent, volume } from './convolution.js';
import type { FloatArray } from './floats.js';
import { addProduct } from './matrix-product.js';

/** What ConvTranspose has beyond Conv. */
export interface TransposedAttributes extends ConvAttributes {
  readonly output_padding: readonly number[] | undefined;
  readonly output_shape: readonly number[] | undefined;
}

/** Throws TensorError `TENSOR_SHAPE` when x `[N, C, spatial...]` and w `[C, M / group, kernel...]` do not fit. */
export function planTransposedConvolution(x: Shape, w: Shape, attributes: TransposedAttributes): Convolution {
  const [batch = 1, inChannels = 1, ...spatial] = x;
  const [channels = 1, perGroup = 1, ...kernel] = w;
  checkChannels(x, w, channels === inChannels && inChannels % attributes.group === 0);
  const window = {
    ...convWindow(attributes, kernel),
    outputPadding: attributes.output_padding,
    outputShape: attributes.output_shape,
  };
  const output = transposedWindowDims(spatial, window).map(Number);
  const ones = kernel.map(() => 1);
  return {
    batch,
    groups: attributes.group,
    inChannels,
    outChannels: perGroup * attributes.group,
    input: toExtent(spatial, 1),
    kernel: toExtent(kernel, 1),
    output: toExtent(output, 1),
    strides: toExtent(attributes.strides ?? ones, 1),
    dilations: toExtent(attributes.dilations ?? ones, 1),
    begins: toExtent(resolveTransposedPads(spatial, window).slice(0, spatial.length), 0),
    shape: [batch, perGroup * attributes.group, ...output],
  };
}

/** Sums in float64, `[N, M, spatial...]`: every input element spreads its product with the kernel over the output. */
export function convolveTransposed(x: FloatArray, w: FloatArray, plan: Convolution): Float64Array {
  const { batch, groups } = plan;
  const [inPerGroup, outPerGroup] = [plan.inChannels / groups, plan.outChannels / groups];
  const rows = outPerGroup * volume(plan.kernel);
  const [inPlane, outPlane] = [volume(plan.input), volume(plan.output)];
  const sums = new Float64Array(batch * plan.outChannels * outPlane);
  for (let image = 0; image < batch * groups; image++) {
    const first = (image % groups) * inPerGroup * rows;
    const weights = transposeMatrix(w.subarray(first, first + inPerGroup * rows), inPerGroup, rows);
    const spread = new Float64Array(rows * inPlane);
    addProduct(
      { data: spread, offset: 0, stride: inPlane },
      { data: weights, offset: 0, stride: inPerGroup },
      { data: x, offset: image * inPerGroup * inPlane, stride: inPlane },
      { rows, inner: inPerGroup, columns: inPlane },
    );
    for (let row = 0; row < rows; row++) {
      const target = image * outPerGroup + Math.floor(row / volume(plan.kernel));
      spreadPosition(sums, target * outPlane, spread, row * inPlane, row % volume(plan.kernel), plan);
    }
  }
  return sums;
}

/** Adds what input positions spread through one kernel position, where it falls inside the output. */
export function spreadPosition(
  sums: Float64Array,
  target: number,
  spread: Float64Array,
  source: number,
  position: number,
  { input, kernel, output, strides, dilations, begins }: Convolution,
): void {
  const kx = position % kernel[2];
  const ky = Math.floor(position / kernel[2]) % kernel[1];
  const kz = Math.floor(position / (kernel[2] * kernel[1]));
  let from = source;
  for (let iz = 0; iz < input[0]; iz++) {
    const z = iz * strides[0] + kz * dilations[0] - begins[0];
    for (let iy = 0; iy < input[1]; iy++) {
      const y = iy * strides[1] + ky * dilations[1] - begins[1];
      const inside = z >= 0 && z < output[0] && y >= 0 && y < output[1];
      const row = target + (z * output[1] + y) * output[2];
      for (let ix = 0; ix < input[2]; ix++, from++) {
        const x = ix * strides[2] + kx * dilations[2] - begins[2];
        if (inside && x >= 0 && x < output[2]) sums[row + x] = (sums[row + x] ?? 0) + (spread[from] ?? 0);
      }
    }
  }
}
