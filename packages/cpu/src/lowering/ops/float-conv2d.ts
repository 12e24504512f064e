import { supportUnless, unsupported } from '@octavo/backend';
import { Conv, type ConvAttributes, type Value } from '@octavo/core/ir';
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
    const isDepthwise = attributes.group > 1 && shapeOf(w)[1] === 1;
    const layout: Layout = isDepthwise || isReadOften(w, attributes) ? 'nhwc' : program.layoutOf(x);
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
        words: [packed].concat(words, layout === 'nchw' ? 0 : 1, 1, geometryWords(x, w, attributes)),
      },
      `conv2d ${program.isa.floatKernel}`,
    );
  },
});

/**
 * Whether each row of the input is read for so many rows of outputs that it is best brought into channels last once: the
 * kernel gathers the channels of planes anew each time. Few channels are gathered as fast as they are copied.
 */
function isReadOften(w: Value, { strides }: ConvAttributes): boolean {
  const [, channels = 1] = shapeOf(w);
  return channels >= 16 && kernelOf(w)[0] >= 3 * (strides?.[0] ?? 1);
}

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
