import { defineKernel, type Kernel } from '@octavo/backend';
import {
  BiasGelu,
  clamp,
  FastGelu,
  FusedConv,
  gelu,
  geluTanh,
  hardSigmoid,
  leakyRelu,
  type RealFunction,
  relu,
  SkipLayerNormalization,
  SkipSimplifiedLayerNormalization,
  sigmoid,
} from '@octavo/core/ir';
import { type DType, isHalf, Tensor } from '@octavo/core/tensor';
import { mapElements, zipElements } from '../arithmetic.js';
import { convolve, planConvolution } from '../convolution.js';
import { floats, floatTensor } from '../floats.js';
import { refuse } from '../integer-operands.js';
import { operand } from '../operand.js';
import { addChannelBias, supportsConvolution } from './conv.js';
import { gatherBlockQuantized } from './gather-block-quantized.js';
import { normalizeLines, scaleAndShift } from './layer-norm.js';
import { matMulBnb4 } from './matmul-bnb4.js';
import { matMulNBits } from './matmul-nbits.js';
import { qmoe } from './qmoe.js';

const sum = { real: (a: number, b: number) => a + b };

function converted(tensor: Tensor, dtype: DType): Tensor {
  return tensor.dtype === dtype ? tensor : floatTensor(dtype, tensor.shape, floats(tensor));
}

/** The sum of all terms, in their order; of halves in float32, which onnxruntime rounds when the node is done. */
function sumOf(first: Tensor, ...others: readonly (Tensor | undefined)[]): Tensor {
  const wide = (tensor: Tensor) => converted(tensor, isHalf(tensor.dtype) ? 'float32' : tensor.dtype);
  return others.reduce<Tensor>(
    (total, term) => (term ? zipElements(total, wide(term), sum) : total),
    wide(first),
  );
}

const biasGelu = defineKernel(BiasGelu, {
  prepare: () => (inputs) => {
    const x = operand(inputs, 0);
    return [converted(mapElements(sumOf(x, operand(inputs, 1)), { real: gelu }), x.dtype)];
  },
});

const fastGelu = defineKernel(FastGelu, {
  prepare: () => (inputs) => {
    const x = operand(inputs, 0);
    return [converted(mapElements(sumOf(x, inputs[1]), { real: geluTanh }), x.dtype)];
  },
});

/** onnxruntime's names of fused activations. */
const FUSED: Readonly<Record<string, (a: number, b: number) => RealFunction>> = {
  '': () => (x) => x,
  Relu: () => relu,
  Sigmoid: () => sigmoid,
  Tanh: () => Math.tanh,
  LeakyRelu: (alpha) => leakyRelu(alpha),
  Clip: clamp,
  HardSigmoid: (alpha, beta) => hardSigmoid(alpha, beta),
};

const fusedConv = defineKernel(FusedConv, {
  supports: supportsConvolution,
  prepare: ({ attributes }) => {
    const [a = 0, b = 0] = attributes.activation_params;
    const make =
      FUSED[attributes.activation] ?? refuse(`the activation ${attributes.activation} is unknown.`);
    const activate = make(a, b);
    return (inputs) => {
      const [x, w] = [operand(inputs, 0), operand(inputs, 1)];
      const plan = planConvolution(x.shape, w.shape, attributes);
      const sums = convolve(floats(x), floats(w), plan);
      addChannelBias(sums, inputs[2] && floats(inputs[2]), plan);
      const added = inputs[3] && floats(inputs[3]);
      for (let i = 0; i < sums.length; i++) sums[i] = activate((sums[i] ?? 0) + (added?.[i] ?? 0));
      return [floatTensor(x.dtype, plan.shape, sums)];
    };
  },
});

/** Normalizes `input + skip + bias` over the last axis. */
function skipNormalize(
  x: Tensor,
  terms: readonly (Tensor | undefined)[],
  gamma: Tensor,
  beta: Tensor | undefined,
  epsilon: number,
  rms: boolean,
): Tensor[] {
  const total = sumOf(x, ...terms);
  const length = total.shape.at(-1) ?? 1;
  const { values, shifts, factors } = normalizeLines(floats(total), length, epsilon, rms);
  const reduced = [...total.shape.slice(0, -1), 1];
  return [
    floatTensor(x.dtype, total.shape, scaleAndShift(values, total.shape, gamma, beta)),
    new Tensor('float32', reduced, shifts),
    new Tensor('float32', reduced, factors),
    converted(total, x.dtype),
  ];
}

const skipLayerNormalization = defineKernel(SkipLayerNormalization, {
  prepare:
    ({ attributes: { epsilon } }) =>
    (inputs) =>
      skipNormalize(
        operand(inputs, 0),
        [inputs[1], inputs[4]],
        operand(inputs, 2),
        inputs[3],
        epsilon,
        false,
      ),
});

const skipSimplifiedLayerNormalization = defineKernel(SkipSimplifiedLayerNormalization, {
  prepare:
    ({ attributes: { epsilon } }) =>
    (inputs) =>
      skipNormalize(operand(inputs, 0), [inputs[1], inputs[3]], operand(inputs, 2), undefined, epsilon, true),
});

export const microsoftKernels: readonly Kernel[] = [
  biasGelu,
  fastGelu,
  fusedConv,
  skipLayerNormalization,
  skipSimplifiedLayerNormalization,
  matMulNBits,
  matMulBnb4,
  gatherBlockQuantized,
  qmoe,
];
