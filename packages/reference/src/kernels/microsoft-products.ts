import { defineKernel, type Kernel } from '@octavo/backend';
import { DynamicQuantizeMatMul, MatMulIntegerToFloat, QGemm } from '@octavo/core/ir';
import { dynamicQuantize } from '@octavo/core/quant';
import { toNumbers } from '@octavo/core/tensor';
import { floats, floatTensor } from '../floats.js';
import {
  type IntegerOperand,
  integerSums,
  orientedOperand,
  requantizeProduct,
  scaleProduct,
} from '../integer-product.js';
import { addBroadcast } from '../matmul-plan.js';
import { operand } from '../operand.js';
import { integerOperand, integerResult } from './integer.js';

const qgemm = defineKernel(QGemm, {
  prepare:
    ({ attributes: { alpha, transA, transB } }) =>
    (inputs) => {
      const a = orientedOperand(integerOperand(operand(inputs, 0), inputs[1], inputs[2]), transA !== 0);
      const b = orientedOperand(integerOperand(operand(inputs, 3), inputs[4], inputs[5]), transB !== 0);
      const { plan, sums } = integerSums(a, b);
      const bias = inputs[6];
      if (bias) addBroadcast(sums, plan.shape, toNumbers(bias), bias.shape, 1);
      const accumulators = new Int32Array(sums);
      const scales = Float32Array.from(a.scales, (scale) => alpha * scale);
      const [yScale, yZeroPoint] = [inputs[7], inputs[8]];
      if (!yScale || !yZeroPoint) {
        return [floatTensor('float32', plan.shape, scaleProduct(accumulators, plan, scales, b.scales))];
      }
      return [requantizeProduct(accumulators, plan, scales, b.scales, integerResult(yScale, yZeroPoint))];
    },
});

const matMulIntegerToFloat = defineKernel(MatMulIntegerToFloat, {
  prepare: () => (inputs) => {
    const aScale = operand(inputs, 2);
    const a = integerOperand(operand(inputs, 0), aScale, inputs[4]);
    const b = integerOperand(operand(inputs, 1), operand(inputs, 3), inputs[5]);
    const { plan, sums } = integerSums(a, b);
    const y = scaleProduct(new Int32Array(sums), plan, a.scales, b.scales);
    const bias = inputs[6];
    if (bias) addBroadcast(y, plan.shape, floats(bias), bias.shape, 1);
    return [floatTensor(aScale.dtype, plan.shape, y)];
  },
});

const dynamicQuantizeMatMul = defineKernel(DynamicQuantizeMatMul, {
  prepare: () => (inputs) => {
    const x = operand(inputs, 0);
    const { values, scale, zeroPoint } = dynamicQuantize(toNumbers(x));
    const [scales, zeroPoints] = [Float32Array.of(scale), Int32Array.of(zeroPoint)];
    const a: IntegerOperand = { values, shape: x.shape, scales, zeroPoints };
    const b = integerOperand(operand(inputs, 1), operand(inputs, 2), inputs[3]);
    const { plan, sums } = integerSums(a, b);
    const y = scaleProduct(new Int32Array(sums), plan, a.scales, b.scales);
    const bias = inputs[4];
    if (bias) addBroadcast(y, plan.shape, floats(bias), bias.shape, 1);
    return [floatTensor(x.dtype, plan.shape, y)];
  },
});

export const microsoftProductKernels: readonly Kernel[] = [
  qgemm,
  matMulIntegerToFloat,
  dynamicQuantizeMatMul,
];
