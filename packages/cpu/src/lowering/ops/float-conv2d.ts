import { supportUnless, unsupported } from '@octavo/backend';
import { Conv, type Value } from '@octavo/core/ir';
import { OctavoError, type Tensor } from '@octavo/core/tensor';
import { fuseFloatEpilogue } from '../float-epilogue.js';
import { declineFloats } from '../float-values.js';
import type { Layout } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { required, shapeOf } from '../static-value.js';
import { declineWindow, geometryWords, kernelOf } from './conv2d.js';

/** Convolutions of floats with constant weights: channels last in what they give. */
const conv = defineLowering(Conv, {
  supports: (node) => {
    const [, weights, bias] = node.inputs;
    const reason = declineFloats([...node.inputs, node.output]);
    if (reason !== undefined) return unsupported(reason);
    if (!weights?.constant || (bias && !bias.constant)) return unsupported('its weights are not constant');
    return supportUnless(declineWindow(node, 1, Conv.attributes(node)));
  },
  lower: ({ node, constants, attributes }, program) => {
    const [x, w] = [required(node.inputs[0], node), required(node.inputs[1], node)];
    const bias = node.inputs[2];
    const [, groupChannels = 1] = shapeOf(w);
    const layout: Layout = attributes.group > 1 && groupChannels === 1 ? 'nhwc' : program.layoutOf(x);
    const packed = program.packed(w, `float conv2d ${attributes.group}`, () => {
      const [outChannels = 0, channels = 0] = shapeOf(w);
      const data = floatsOf(constants[1], w);
      return program.binding.packFloatConv2d(
        data,
        false,
        outChannels,
        channels,
        ...kernelOf(w),
        attributes.group,
      );
    });
    const from = program.operand(x, layout);
    const { operands, words, to } = fuseFloatEpilogue(program, {
      output: required(node.output, node),
      biasAxis: 1,
      bias: bias && program.operand(bias),
      layout: 'nhwc',
      reads: [from],
    });
    program.emit(
      {
        name: 'float_conv2d',
        operands: [...operands, from, to],
        words: [packed, ...words, layout === 'nchw' ? 0 : 1, 1, ...geometryWords(x, w, attributes)],
      },
      `conv2d ${program.binding.isa().floatKernel}`,
    );
  },
});

/** The elements of constant float weights. */
export function floatsOf(tensor: Tensor | undefined, value: Value): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new OctavoError({
    code: 'BACKEND_MISSING_VALUE',
    where: `value ${value.name}`,
    message: 'its elements are no constant floats.',
  });
}

export const floatConv2dLowerings: readonly Lowering[] = [conv];
