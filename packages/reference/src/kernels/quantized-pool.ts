import {
  defineKernel,
  type Kernel,
  type NodePreparation,
  SUPPORTED,
  type Support,
  unsupported,
} from '@octavo/backend';
import { AveragePool, GlobalAveragePool, type Node, type PoolAttributes } from '@octavo/core/ir';
import { requantizeElement, saturate, storageRange } from '@octavo/core/quant';
import { fromNumbers, KernelError, type Tensor, toNumbers } from '@octavo/core/tensor';
import { volume } from '../convolution.js';
import type { IntegerResult } from '../integer-product.js';
import { operand } from '../operand.js';
import { forEachWindow, planPooling } from '../sliding-window.js';
import { resultOf } from './quantized-product.js';

/** `sat(rne(f32(f32(sum of (x - z_x)) * f32(s_x / f32(s_y * count)))) + z_y)`: the mean of `count` quantized numbers. */
export function quantizedMean(sum: number, count: number, from: IntegerResult, to: IntegerResult): number {
  const multiplier = Math.fround(from.scale / Math.fround(to.scale * count));
  return saturate(requantizeElement(sum, multiplier, to.zeroPoint), storageRange(to.storage));
}

/** Averages windows of integers, over padding too when `countPadding`. */
function quantizedAveragePool(
  x: Tensor,
  attributes: PoolAttributes,
  countPadding: boolean,
  from: IntegerResult,
  to: IntegerResult,
): Tensor {
  const pooling = planPooling(x.shape, attributes);
  const values = toNumbers(x);
  const [inPlane, outPlane] = [volume(pooling.input), volume(pooling.output)];
  const out = new Int32Array(pooling.planes * outPlane);
  forEachWindow(pooling, ({ positions, count, padded }, position) => {
    for (let plane = 0; plane < pooling.planes; plane++) {
      let sum = 0;
      for (let i = 0; i < count; i++)
        sum += (values[plane * inPlane + (positions[i] ?? 0)] ?? 0) - from.zeroPoint;
      out[plane * outPlane + position] = quantizedMean(sum, countPadding ? padded : count, from, to);
    }
  });
  return fromNumbers(to.storage, pooling.shape, out);
}

const declined = unsupported('not an average of 8-bit values quantized per tensor');

function supports({ inputs: [x], output }: Node): Support {
  const areBytes = [x, output].every((value) => {
    const type = value?.quantized;
    const isByte = type?.storage === 'int8' || type?.storage === 'uint8';
    return isByte && type?.granularity.kind === 'per-tensor';
  });
  const rank = x?.shape?.length ?? 0;
  return areBytes && rank >= 3 && rank <= 5 ? SUPPORTED : declined;
}

/** The quantizations of the input and the result of a node that is supported. */
function typesOf({ inputTypes, outputTypes }: NodePreparation): [IntegerResult, IntegerResult] {
  const [from, to] = [inputTypes[0]?.quantized, outputTypes[0]?.quantized];
  if (from && to) return [resultOf(from), resultOf(to)];
  throw new KernelError({ code: 'KERNEL_QUANTIZED', message: 'the input and the result are quantized.' });
}

const averagePool = defineKernel(AveragePool, {
  supports,
  prepare: (preparation) => {
    const { attributes } = preparation;
    const [from, to] = typesOf(preparation);
    return (inputs) => [
      quantizedAveragePool(operand(inputs, 0), attributes, attributes.count_include_pad !== 0, from, to),
    ];
  },
});

const globalAveragePool = defineKernel(GlobalAveragePool, {
  supports,
  prepare: (preparation) => {
    const [from, to] = typesOf(preparation);
    return (inputs) => {
      const x = operand(inputs, 0);
      return [quantizedAveragePool(x, everything(x), false, from, to)];
    };
  },
});

/** One window over all spatial axes. */
function everything({ shape }: Tensor): PoolAttributes {
  return {
    auto_pad: 'NOTSET',
    ceil_mode: 0,
    dilations: undefined,
    kernel_shape: shape.slice(2),
    pads: undefined,
    strides: undefined,
  };
}

/** AveragePool and GlobalAveragePool of 8-bit values, as onnxruntime's QLinearGlobalAveragePool computes them. */
export const quantizedPoolKernels: readonly Kernel[] = [averagePool, globalAveragePool];
