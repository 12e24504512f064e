import { defineKernel } from '@octavo/backend';
import { Col2Im, windowDims } from '@octavo/core/ir';
import { type Convolution, toExtent, volume } from '../convolution.js';
import { floats, floatTensor } from '../floats.js';
import { integers, refuse } from '../integer-operands.js';
import { operand } from '../operand.js';
import { spreadPosition } from '../transposed-convolution.js';

/** Adds every block position's column of elements where the windows of a convolution would have read them. */
export const col2Im = defineKernel(Col2Im, {
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const x = operand(inputs, 0);
      const [image, block] = [integers(operand(inputs, 1)), integers(operand(inputs, 2))];
      const [batch = 1, rows = 1, columns = 1] = x.shape;
      const { strides = [], dilations = [], pads = [] } = attributes;
      const blocks = windowDims(image, { kernel: block, strides, dilations, pads }).map(Number);
      const channels = rows / block.reduce((a, b) => a * b, 1);
      if (!Number.isInteger(channels)) refuse(`${rows} rows are no whole blocks of [${block.join(', ')}].`);
      const plan: Convolution = {
        batch,
        groups: 1,
        inChannels: rows,
        outChannels: channels,
        input: toExtent(blocks, 1),
        kernel: toExtent(block, 1),
        output: toExtent(image, 1),
        strides: toExtent(strides, 1),
        dilations: toExtent(dilations, 1),
        begins: toExtent(pads.slice(0, image.length), 0),
        shape: [batch, channels, ...image],
      };
      const sums = new Float64Array(batch * channels * volume(plan.output));
      const values = Float64Array.from(floats(x));
      for (let row = 0; row < batch * rows; row++) {
        const target = Math.floor(row / volume(plan.kernel)) * volume(plan.output);
        spreadPosition(sums, target, values, row * columns, row % volume(plan.kernel), plan);
      }
      return [floatTensor(x.dtype, plan.shape, sums)];
    },
});
