import { defineKernel, type Kernel, type Operands } from '@octavo/backend';
import {
  type ConvAttributes,
  ConvInteger,
  MatMulInteger,
  MicrosoftQLinearConv,
  QLinearConv,
  QLinearMatMul,
} from '@octavo/core/ir';
import { Tensor, toNumbers } from '@octavo/core/tensor';
import { channelsFirst, channelsLast } from '../channels-last.js';
import { planConvolution } from '../convolution.js';
import { centeredWeights, integerConvolution, requantizeConvolution } from '../integer-convolution.js';
import {
  type IntegerOperand,
  type IntegerResult,
  integerSums,
  requantizeProduct,
} from '../integer-product.js';
import { storageOf } from '../linear-type.js';
import { operand } from '../operand.js';
import { supportsConvolution } from './conv.js';

const NONE = Float32Array.of(0);
const ONE = Float32Array.of(1);

/** A tensor of integers with its scale and zero point operands; left out they are 1 and 0. */
export function integerOperand(
  tensor: Tensor,
  scale: Tensor | undefined,
  zeroPoint: Tensor | undefined,
): IntegerOperand {
  return {
    values: toNumbers(tensor),
    shape: tensor.shape,
    scales: scale ? toNumbers(scale) : ONE,
    zeroPoints: zeroPoint ? toNumbers(zeroPoint) : NONE,
  };
}

/** The quantization of a result from its scale and zero point operands. */
export function integerResult(scale: Tensor, zeroPoint: Tensor): IntegerResult {
  return {
    scale: toNumbers(scale)[0] ?? 1,
    zeroPoint: toNumbers(zeroPoint)[0] ?? 0,
    storage: storageOf(zeroPoint.dtype),
  };
}

const matMulInteger = defineKernel(MatMulInteger, {
  prepare: () => (inputs) => {
    const a = integerOperand(operand(inputs, 0), undefined, inputs[2]);
    const b = integerOperand(operand(inputs, 1), undefined, inputs[3]);
    const { plan, sums } = integerSums(a, b);
    return [new Tensor('int32', plan.shape, new Int32Array(sums))];
  },
});

const convInteger = defineKernel(ConvInteger, {
  supports: supportsConvolution,
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const x = integerOperand(operand(inputs, 0), undefined, inputs[2]);
      const w = integerOperand(operand(inputs, 1), undefined, inputs[3]);
      const plan = planConvolution(x.shape, w.shape, attributes);
      const weights = centeredWeights(w.values, w.shape, w.zeroPoints, 0);
      const sums = integerConvolution(x.values, x.zeroPoints[0] ?? 0, weights, undefined, plan);
      return [new Tensor('int32', plan.shape, sums)];
    },
});

function quantizedConvolution(x: Tensor, inputs: Operands, attributes: ConvAttributes): Tensor {
  const activations = integerOperand(x, inputs[1], inputs[2]);
  const w = integerOperand(operand(inputs, 3), inputs[4], inputs[5]);
  const y = integerResult(operand(inputs, 6), operand(inputs, 7));
  const plan = planConvolution(x.shape, w.shape, attributes);
  const weights = centeredWeights(w.values, w.shape, w.zeroPoints, 0);
  const bias = inputs[8] && toNumbers(inputs[8]);
  const sums = integerConvolution(activations.values, activations.zeroPoints[0] ?? 0, weights, bias, plan);
  return requantizeConvolution(sums, plan, activations.scales[0] ?? 1, Float32Array.from(w.scales), y);
}

const qlinearConv = defineKernel(QLinearConv, {
  supports: supportsConvolution,
  prepare:
    ({ attributes }) =>
    (inputs) => [quantizedConvolution(operand(inputs, 0), inputs, attributes)],
});

const microsoftQlinearConv = defineKernel(MicrosoftQLinearConv, {
  supports: supportsConvolution,
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const x = operand(inputs, 0);
      if (!attributes.channels_last) return [quantizedConvolution(x, inputs, attributes)];
      return [channelsLast(quantizedConvolution(channelsFirst(x), inputs, attributes))];
    },
});

const qlinearMatMul = defineKernel(QLinearMatMul, {
  prepare: () => (inputs) => {
    const a = integerOperand(operand(inputs, 0), inputs[1], inputs[2]);
    const b = integerOperand(operand(inputs, 3), inputs[4], inputs[5]);
    const y = integerResult(operand(inputs, 6), operand(inputs, 7));
    const { plan, sums } = integerSums(a, b);
    return [requantizeProduct(new Int32Array(sums), plan, a.scales, b.scales, y)];
  },
});

export const integerKernels: readonly Kernel[] = [
  matMulInteger,
  convInteger,
  qlinearConv,
  microsoftQlinearConv,
  qlinearMatMul,
];
