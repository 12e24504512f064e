import { defineKernel, SUPPORTED, unsupported } from '@octavo/backend';
import { DeformConv } from '@octavo/core/ir';
import { type Convolution, planConvolution, volume } from '../convolution.js';
import { type FloatArray, floats, floatTensor } from '../floats.js';
import { tapsAt } from '../grid-taps.js';
import { addProduct } from '../matrix-product.js';
import { operand } from '../operand.js';
import { addChannelBias } from './conv.js';

/** Where each kernel position looks, and how much it counts. */
interface Deformation {
  readonly offsets: FloatArray;
  readonly mask: FloatArray | undefined;
  readonly groups: number;
}

/** The bilinear sample of a plane; zeros outside. */
function sample(
  x: FloatArray,
  start: number,
  [, height, width]: readonly number[],
  y: number,
  at: number,
): number {
  let sum = 0;
  for (const row of tapsAt(y, height ?? 1, 'linear', 'zeros', true)) {
    if (row.index < 0) continue;
    for (const column of tapsAt(at, width ?? 1, 'linear', 'zeros', true)) {
      if (column.index < 0) continue;
      sum += row.weight * column.weight * (x[start + row.index * (width ?? 1) + column.index] ?? 0);
    }
  }
  return sum;
}

/** One line for each channel and kernel position: what it meets at every output position of one sample. */
function deformedPatches(
  x: FloatArray,
  image: number,
  plan: Convolution,
  deformation: Deformation,
): Float64Array {
  const { input, kernel, output, strides, dilations, begins, inChannels } = plan;
  const [positions, plane] = [volume(kernel), volume(output)];
  const patches = new Float64Array(inChannels * positions * plane);
  for (let line = 0; line < inChannels * positions; line++) {
    const [channel, k] = [Math.floor(line / positions), line % positions];
    const group = Math.floor((channel * deformation.groups) / inChannels);
    const moved = (image * deformation.groups + group) * positions + k;
    for (let at = 0; at < plane; at++) {
      const row =
        Math.floor(at / output[2]) * strides[1] + Math.floor(k / kernel[2]) * dilations[1] - begins[1];
      const column = (at % output[2]) * strides[2] + (k % kernel[2]) * dilations[2] - begins[2];
      const y = row + (deformation.offsets[2 * moved * plane + at] ?? 0);
      const z = column + (deformation.offsets[(2 * moved + 1) * plane + at] ?? 0);
      const weight = deformation.mask ? (deformation.mask[moved * plane + at] ?? 0) : 1;
      const start = (image * inChannels + channel) * volume(input);
      patches[line * plane + at] = weight * sample(x, start, input, y, z);
    }
  }
  return patches;
}

/** Convolution of images over deformed patches. */
export const deformConv = defineKernel(DeformConv, {
  supports: (node) => {
    const rank = node.inputs[0]?.shape?.length ?? 4;
    return rank === 4 ? SUPPORTED : unsupported(`DeformConv of rank ${rank}; images have 4 axes`);
  },
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const [x, w] = [operand(inputs, 0), operand(inputs, 1)];
      const plan = planConvolution(x.shape, w.shape, { ...attributes, auto_pad: 'NOTSET' });
      const deformation = {
        offsets: floats(operand(inputs, 2)),
        mask: inputs[4] && floats(inputs[4]),
        groups: attributes.offset_group,
      };
      const [rows, plane] = [plan.outChannels / plan.groups, volume(plan.output)];
      const inner = (plan.inChannels / plan.groups) * volume(plan.kernel);
      const sums = new Float64Array(plan.batch * plan.outChannels * plane);
      const [values, weights] = [floats(x), floats(w)];
      for (let image = 0; image < plan.batch; image++) {
        const patches = deformedPatches(values, image, plan, deformation);
        for (let group = 0; group < plan.groups; group++) {
          addProduct(
            { data: sums, offset: (image * plan.outChannels + group * rows) * plane, stride: plane },
            { data: weights, offset: group * rows * inner, stride: inner },
            { data: patches, offset: group * inner * plane, stride: plane },
            { rows, inner, columns: plane },
          );
        }
      }
      addChannelBias(sums, inputs[3] && floats(inputs[3]), plan);
      return [floatTensor(x.dtype, plan.shape, sums)];
    },
});
