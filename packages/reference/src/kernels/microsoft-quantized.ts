import { defineKernel, type Kernel } from '@octavo/backend';
import {
  leakyRelu,
  QLinearAdd,
  QLinearAveragePool,
  QLinearConcat,
  QLinearGlobalAveragePool,
  QLinearLeakyRelu,
  QLinearMul,
  QLinearSigmoid,
  QLinearSoftmax,
  sigmoid,
} from '@octavo/core/ir';
import {
  dequantizeNumbers,
  type QuantizedType,
  qlinearAdd,
  qlinearAddConstants,
  qlinearMul,
  qlinearMulConstants,
  quantizeNumbers,
  storeIntegers,
} from '@octavo/core/quant';
import { fromNumbers, normalizeAxis, Tensor, toNumbers } from '@octavo/core/tensor';
import { mapElements } from '../arithmetic.js';
import { linesAlong, linesFrom } from '../axis-lines.js';
import { channelsFirst, channelsLast } from '../channels-last.js';
import { refuse } from '../integer-operands.js';
import { linearType, storageOf } from '../linear-type.js';
import { operand } from '../operand.js';
import { averagePool } from './pool.js';
import { combine } from './quantized-arithmetic.js';
import { quantizedMean } from './quantized-pool.js';
import { resultOf } from './quantized-product.js';
import { quantizedWhere } from './quantized-where.js';
import { onLines, softmaxLine } from './softmax.js';

const PER_TENSOR_ATTRIBUTES = { axis: 0, block_size: 0 };

/** The per-tensor type of integers stored like `like`, from their scale and zero point operands. */
function typeOf(like: Tensor, scale: Tensor, zeroPoint: Tensor | undefined): QuantizedType {
  return linearType(storageOf(like.dtype), scale, zeroPoint, PER_TENSOR_ATTRIBUTES);
}

/** Dequantizes x (inputs 0 to 2), computes, quantizes (scale and zero point in inputs 3 and 4). */
function throughFloat(inputs: readonly (Tensor | undefined)[], compute: (x: Tensor) => Tensor): Tensor[] {
  const x = operand(inputs, 0);
  const type = typeOf(x, operand(inputs, 1), inputs[2]);
  const real = new Tensor('float32', x.shape, dequantizeNumbers(toNumbers(x), x.shape, type));
  const y = compute(real);
  const result = typeOf(x, operand(inputs, 3), inputs[4]);
  return [storeIntegers(result.storage, y.shape, quantizeNumbers(toNumbers(y), y.shape, result))];
}

const add = defineKernel(QLinearAdd, {
  prepare: () => (inputs) => {
    const [a, b] = [operand(inputs, 0), operand(inputs, 3)];
    const types = [
      typeOf(a, operand(inputs, 1), inputs[2]),
      typeOf(b, operand(inputs, 4), inputs[5]),
    ] as const;
    const c = typeOf(a, operand(inputs, 6), inputs[7]);
    const constants = qlinearAddConstants(resultOf(types[0]), resultOf(types[1]), resultOf(c));
    return [combine(a, b, c.storage, (x, y) => qlinearAdd(x, y, constants, c.storage))];
  },
});

const mul = defineKernel(QLinearMul, {
  prepare: () => (inputs) => {
    const [a, b] = [operand(inputs, 0), operand(inputs, 3)];
    const types = [
      typeOf(a, operand(inputs, 1), inputs[2]),
      typeOf(b, operand(inputs, 4), inputs[5]),
    ] as const;
    const c = typeOf(a, operand(inputs, 6), inputs[7]);
    const constants = qlinearMulConstants(resultOf(types[0]), resultOf(types[1]), resultOf(c));
    return [combine(a, b, c.storage, (x, y) => qlinearMul(x, y, constants, c.storage))];
  },
});

const sigmoidKernel = defineKernel(QLinearSigmoid, {
  prepare: () => (inputs) => throughFloat(inputs, (x) => mapElements(x, { real: sigmoid })),
});

const leakyReluKernel = defineKernel(QLinearLeakyRelu, {
  prepare:
    ({ attributes: { alpha } }) =>
    (inputs) =>
      throughFloat(inputs, (x) => mapElements(x, { real: leakyRelu(alpha) })),
});

const softmaxKernel = defineKernel(QLinearSoftmax, {
  prepare: ({ attributes: { axis, opset } }) => {
    const linesOf = opset < 13 ? linesFrom : linesAlong;
    const softmax = onLines((shape) => linesOf(shape, axis), softmaxLine);
    return (inputs) => throughFloat(inputs, (x) => operand(softmax([x], []), 0));
  },
});

const averagePoolKernel = defineKernel(QLinearAveragePool, {
  prepare: ({ attributes }) => {
    const average = (x: Tensor) => averagePool(x, attributes, attributes.count_include_pad !== 0);
    return (inputs) =>
      throughFloat(inputs, (x) =>
        attributes.channels_last ? channelsLast(average(channelsFirst(x))) : average(x),
      );
  },
});

const globalAveragePool = defineKernel(QLinearGlobalAveragePool, {
  prepare:
    ({ attributes: { channels_last: channelsLast } }) =>
    (inputs) => {
      const x = operand(inputs, 0);
      const from = resultOf(typeOf(x, operand(inputs, 1), inputs[2]));
      const to = resultOf(typeOf(x, operand(inputs, 3), inputs[4]));
      const channelAxis = normalizeAxis(channelsLast ? -1 : 1, x.shape.length);
      const shape = x.shape.map((size, axis) => (axis === 0 || axis === channelAxis ? size : 1));
      const [batch = 1, channels = 1] = [x.shape[0], x.shape[channelAxis]];
      const size = x.size / (batch * channels);
      const sums = new Int32Array(batch * channels);
      toNumbers(x).forEach((value, i) => {
        const channel = channelsLast ? i % channels : Math.floor(i / size) % channels;
        const slot = Math.floor(i / (channels * size)) * channels + channel;
        sums[slot] = (sums[slot] ?? 0) + value - from.zeroPoint;
      });
      const integers = sums.map((sum) => quantizedMean(sum, size, from, to));
      return [fromNumbers(to.storage, shape, integers)];
    },
});

const concat = defineKernel(QLinearConcat, {
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const [scale, zeroPoint] = [operand(inputs, 0), operand(inputs, 1)];
      const type = typeOf(zeroPoint, scale, zeroPoint);
      const parts = Array.from({ length: Math.floor((inputs.length - 2) / 3) }, (_, i) => {
        const x = operand(inputs, 2 + 3 * i);
        const own = typeOf(x, operand(inputs, 3 + 3 * i), inputs[4 + 3 * i]);
        const real = dequantizeNumbers(toNumbers(x), x.shape, own);
        return { shape: x.shape, values: quantizeNumbers(real, x.shape, type) };
      });
      const first = parts[0] ?? refuse('QLinearConcat needs at least one input.');
      const axis = normalizeAxis(attributes.axis, first.shape.length);
      const length = parts.reduce((sum, { shape }) => sum + (shape[axis] ?? 1), 0);
      const shape = first.shape.with(axis, length);
      const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      const out = new Int32Array(shape.reduce((a, b) => a * b, 1));
      let offset = 0;
      for (const part of parts) {
        const row = (part.shape[axis] ?? 1) * inner;
        for (let start = 0, to = offset; start < part.values.length; start += row, to += length * inner) {
          out.set(part.values.subarray(start, start + row), to);
        }
        offset += row;
      }
      return [fromNumbers(type.storage, shape, out)];
    },
});

export const microsoftQuantizedKernels: readonly Kernel[] = [
  add,
  mul,
  sigmoidKernel,
  leakyReluKernel,
  softmaxKernel,
  averagePoolKernel,
  globalAveragePool,
  concat,
  quantizedWhere,
];
