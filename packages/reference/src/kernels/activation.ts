import { defineKernel, type Kernel } from '@octavo/backend';
import {
  type AttributeSchema,
  type AttributesOf,
  Celu,
  Elu,
  Gelu,
  HardSigmoid,
  HardSwish,
  LeakyRelu,
  Mish,
  type OpDefinition,
  Relu,
  Selu,
  Shrink,
  Sigmoid,
  type Slot,
  Softplus,
  Softsign,
  SwiGLU,
  Swish,
  Tanh,
  ThresholdedRelu,
} from '@octavo/core/ir';
import {
  celu,
  elu,
  gelu,
  geluTanh,
  hardSigmoid,
  leakyRelu,
  mish,
  type RealFunction,
  relu,
  sigmoid,
  softplus,
  softsign,
  swish,
} from '../activations.js';
import { mapElements, zipElements } from '../arithmetic.js';
import { operand } from '../operand.js';
import { clipKernels } from './clip.js';
import { prelu } from './prelu.js';

/** A kernel that applies one function to every element. */
export function unaryKernel<I extends readonly Slot[], O extends readonly Slot[], A extends AttributeSchema>(
  op: OpDefinition<I, O, A>,
  bind: (attributes: AttributesOf<A>) => RealFunction,
): Kernel {
  return defineKernel(op, {
    prepare: ({ attributes }) => {
      const apply = bind(attributes);
      return (inputs) => [mapElements(operand(inputs, 0), { real: apply })];
    },
  });
}

const swiGlu = defineKernel(SwiGLU, {
  prepare: ({ attributes: { alpha } }) => {
    const gate = swish(alpha);
    return (inputs) => [zipElements(operand(inputs, 0), operand(inputs, 1), { real: (a, b) => gate(a) * b })];
  },
});

export const activationKernels: readonly Kernel[] = [
  unaryKernel(Relu, () => relu),
  unaryKernel(LeakyRelu, ({ alpha }) => leakyRelu(alpha)),
  unaryKernel(Sigmoid, () => sigmoid),
  unaryKernel(Tanh, () => Math.tanh),
  unaryKernel(HardSigmoid, ({ alpha, beta }) => hardSigmoid(alpha, beta)),
  unaryKernel(HardSwish, () => (x) => x * hardSigmoid(1 / 6, 0.5)(x)),
  unaryKernel(Elu, ({ alpha }) => elu(alpha)),
  unaryKernel(
    Selu,
    ({ alpha, gamma }) =>
      (x) =>
        gamma * elu(alpha)(x),
  ),
  unaryKernel(Celu, ({ alpha }) => celu(alpha)),
  unaryKernel(Gelu, ({ approximate }) => (approximate === 'tanh' ? geluTanh : gelu)),
  unaryKernel(Mish, () => mish),
  unaryKernel(Softplus, () => softplus),
  unaryKernel(Softsign, () => softsign),
  unaryKernel(
    ThresholdedRelu,
    ({ alpha }) =>
      (x) =>
        x > alpha ? x : 0,
  ),
  unaryKernel(Swish, ({ alpha }) => swish(alpha)),
  unaryKernel(
    Shrink,
    ({ bias, lambd }) =>
      (x) =>
        x < -lambd ? x + bias : x > lambd ? x - bias : 0,
  ),
  swiGlu,
  prelu,
  ...clipKernels,
];
