import { defineKernel, type Kernel, SUPPORTED, unsupported } from '@octavo/backend';
import { BitCast, Cast, CastLike } from '@octavo/core/ir';
import { DTYPES, type DType, dtypeFromOnnx, tensorFromBytes } from '@octavo/core/tensor';
import { type CastOptions, castTensor } from '../cast-tensor.js';
import { refuse } from '../integer-operands.js';
import { operand } from '../operand.js';

function elementType(code: number): DType {
  return dtypeFromOnnx(code) ?? refuse(`${code} is no element type.`);
}

function optionsOf(attributes: { saturate: number; round_mode: CastOptions['rounding'] }): CastOptions {
  return { saturate: attributes.saturate !== 0, rounding: attributes.round_mode };
}

export const castKernels: readonly Kernel[] = [
  defineKernel(Cast, {
    prepare: ({ attributes }) => {
      const to = elementType(attributes.to);
      return (inputs) => [castTensor(operand(inputs, 0), to, optionsOf(attributes))];
    },
  }),
  defineKernel(CastLike, {
    prepare:
      ({ attributes }) =>
      (inputs) => [castTensor(operand(inputs, 0), operand(inputs, 1).dtype, optionsOf(attributes))],
  }),
  defineKernel(BitCast, {
    supports: (node) => {
      const from = node.inputs[0]?.dtype;
      const to = dtypeFromOnnx(BitCast.attributes(node).to);
      if (!from || !to || (from !== 'string' && DTYPES[from].bits === DTYPES[to].bits)) return SUPPORTED;
      return unsupported(`BitCast from ${from} to ${to} changes the width`);
    },
    prepare: ({ attributes }) => {
      const to = elementType(attributes.to);
      return (inputs) => {
        const { bytes, shape } = operand(inputs, 0);
        return [tensorFromBytes(to, shape, bytes)];
      };
    },
  }),
];
