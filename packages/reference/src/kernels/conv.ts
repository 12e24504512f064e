import { defineKernel, type Kernel, SUPPORTED, unsupported } from '@octavo/backend';
import { Conv, ConvTranspose, type Node } from '@octavo/core/ir';
import { type Convolution, convolve, planConvolution, volume } from '../convolution.js';
import { type FloatArray, floats, floatTensor } from '../floats.js';
import { operand } from '../operand.js';
import { convolveTransposed, planTransposedConvolution } from '../transposed-convolution.js';

/** Whether a convolution has one to three spatial axes (or an unknown rank). */
export function supportsConvolution(node: Node) {
  const rank = node.inputs[0]?.shape?.length;
  return rank === undefined || (rank >= 3 && rank <= 5)
    ? SUPPORTED
    : unsupported(`convolutions of rank ${rank}; one to three spatial axes are supported`);
}

/** Adds `bias[m]` to every element of output channel m. */
export function addChannelBias(sums: Float64Array, bias: FloatArray | undefined, plan: Convolution): void {
  if (!bias) return;
  const plane = volume(plan.output);
  for (let channel = 0; channel < plan.batch * plan.outChannels; channel++) {
    const own = bias[channel % plan.outChannels] ?? 0;
    const end = (channel + 1) * plane;
    for (let i = channel * plane; i < end; i++) sums[i] = (sums[i] ?? 0) + own;
  }
}

const conv = defineKernel(Conv, {
  supports: supportsConvolution,
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const [x, w] = [operand(inputs, 0), operand(inputs, 1)];
      const plan = planConvolution(x.shape, w.shape, attributes);
      const sums = convolve(floats(x), floats(w), plan);
      addChannelBias(sums, inputs[2] && floats(inputs[2]), plan);
      return [floatTensor(x.dtype, plan.shape, sums)];
    },
});

const convTranspose = defineKernel(ConvTranspose, {
  supports: supportsConvolution,
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const [x, w] = [operand(inputs, 0), operand(inputs, 1)];
      const plan = planTransposedConvolution(x.shape, w.shape, attributes);
      const sums = convolveTransposed(floats(x), floats(w), plan);
      addChannelBias(sums, inputs[2] && floats(inputs[2]), plan);
      return [floatTensor(x.dtype, plan.shape, sums)];
    },
});

export const convKernels: readonly Kernel[] = [conv, convTranspose];
