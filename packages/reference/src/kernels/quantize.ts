import {
  defineKernel,
  type Kernel,
  type KernelFunction,
  SUPPORTED,
  type SupportContext,
  unsupported,
} from '@octavo/backend';
import {
  DequantizeLinear,
  DynamicQuantizeLinear,
  MicrosoftDequantizeLinear,
  MicrosoftQuantizeLinear,
  type Node,
  QuantizeLinear,
} from '@octavo/core/ir';
import { dequantize, dynamicQuantize, quantizeNumbers, storeIntegers } from '@octavo/core/quant';
import { dtypeFromOnnx, isFloat, Tensor, toNumbers } from '@octavo/core/tensor';
import { floatTensor } from '../floats.js';
import { refuse } from '../integer-operands.js';
import { linearType, storageOf } from '../linear-type.js';
import { operand } from '../operand.js';
import { smallFloatKernels } from './quantize-small-floats.js';

/** Declines float8 and float4 storage, which has no integers. */
function integerStorage(position: number) {
  return (node: Node, _context: SupportContext) => {
    const dtype = node.inputs[position]?.dtype;
    return dtype?.startsWith('float') ? unsupported(`quantization to ${dtype}`) : SUPPORTED;
  };
}

interface LinearAttributes {
  readonly axis: number;
  readonly block_size: number;
  readonly output_dtype?: number;
}

function quantizeBy(attributes: LinearAttributes): KernelFunction {
  return (inputs) => {
    const [x, scale, zeroPoint] = [operand(inputs, 0), operand(inputs, 1), inputs[2]];
    const storage = storageOf(zeroPoint?.dtype ?? dtypeFromOnnx(attributes.output_dtype ?? 0) ?? 'uint8');
    const type = linearType(storage, scale, zeroPoint, attributes);
    return [storeIntegers(storage, x.shape, quantizeNumbers(toNumbers(x), x.shape, type))];
  };
}

function dequantizeBy(attributes: LinearAttributes): KernelFunction {
  return (inputs) => {
    const [x, scale] = [operand(inputs, 0), operand(inputs, 1)];
    const expressed = dtypeFromOnnx(attributes.output_dtype ?? 0) ?? scale.dtype;
    if (!isFloat(expressed)) refuse(`dequantizing gives a float tensor, not ${expressed}.`);
    const type = linearType(storageOf(x.dtype), scale, inputs[2], attributes);
    return [dequantize(x, { ...type, expressed })];
  };
}

const quantizeLinear = defineKernel(QuantizeLinear, {
  supports: integerStorage(2),
  prepare: ({ attributes }) => quantizeBy(attributes),
});

const dequantizeLinear = defineKernel(DequantizeLinear, {
  supports: integerStorage(0),
  prepare: ({ attributes }) => dequantizeBy(attributes),
});

const microsoftQuantizeLinear = defineKernel(MicrosoftQuantizeLinear, {
  supports: integerStorage(2),
  prepare: ({ attributes }) => quantizeBy(attributes),
});

const microsoftDequantizeLinear = defineKernel(MicrosoftDequantizeLinear, {
  supports: integerStorage(0),
  prepare: ({ attributes }) => dequantizeBy(attributes),
});

const dynamicQuantizeLinear = defineKernel(DynamicQuantizeLinear, {
  prepare: () => (inputs) => {
    const x = operand(inputs, 0);
    const { values, scale, zeroPoint } = dynamicQuantize(toNumbers(x));
    return [
      new Tensor('uint8', x.shape, values),
      floatTensor(x.dtype, [], Float32Array.of(scale)),
      new Tensor('uint8', [], Uint8Array.of(zeroPoint)),
    ];
  },
});

export const quantizeKernels: readonly Kernel[] = [
  ...smallFloatKernels,
  quantizeLinear,
  dequantizeLinear,
  dynamicQuantizeLinear,
  microsoftQuantizeLinear,
  microsoftDequantizeLinear,
];
