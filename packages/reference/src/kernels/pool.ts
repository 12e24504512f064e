import { defineKernel, type Kernel } from '@octavo/backend';
import {
  AveragePool,
  GlobalAveragePool,
  GlobalLpPool,
  GlobalMaxPool,
  LpPool,
  MaxPool,
  type PoolAttributes,
} from '@octavo/core/ir';
import { Tensor } from '@octavo/core/tensor';
import { volume } from '../convolution.js';
import { type FloatArray, floats, floatTensor, resultArray } from '../floats.js';
import { operand } from '../operand.js';
import { forEachWindow, planPooling, type WindowView } from '../sliding-window.js';

/** One output element from what a window covers of the plane that starts at `plane`. */
type Reduction = (values: FloatArray, plane: number, view: WindowView) => number;

/** Position (in the plane) of the largest element of a window, -1 when it covers none. */
function largestPosition(values: FloatArray, plane: number, { positions, count }: WindowView): number {
  let best = positions[0] ?? -1;
  let max = values[plane + best] ?? Number.NEGATIVE_INFINITY;
  for (let i = 1; i < count; i++) {
    const at = positions[i] ?? 0;
    const value = values[plane + at] ?? 0;
    if (value > max || Number.isNaN(value)) {
      max = value;
      best = at;
    }
  }
  return count > 0 ? best : -1;
}

const largest: Reduction = (values, plane, view) =>
  view.count > 0 ? (values[plane + largestPosition(values, plane, view)] ?? 0) : Number.NEGATIVE_INFINITY;

function mean(countPadding: boolean): Reduction {
  return (values, plane, { positions, count, padded }) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[plane + (positions[i] ?? 0)] ?? 0;
    return sum / (countPadding ? padded : count);
  };
}

/** `(sum |x|^p)^(1/p)`. */
function norm(p: number): Reduction {
  return (values, plane, { positions, count }) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += Math.abs(values[plane + (positions[i] ?? 0)] ?? 0) ** p;
    return sum ** (1 / p);
  };
}

/** Pools every plane of x. */
export function pool(x: Tensor, attributes: PoolAttributes, reduce: Reduction): Tensor {
  const pooling = planPooling(x.shape, attributes);
  const values = floats(x);
  const [inPlane, outPlane] = [volume(pooling.input), volume(pooling.output)];
  const out = resultArray(x.dtype, pooling.planes * outPlane);
  forEachWindow(pooling, (view, position) => {
    for (let plane = 0; plane < pooling.planes; plane++) {
      out[plane * outPlane + position] = reduce(values, plane * inPlane, view);
    }
  });
  return floatTensor(x.dtype, pooling.shape, out);
}

/** Pools each plane to one element. */
function poolGlobally(x: Tensor, reduce: Reduction): Tensor {
  const [batch = 1, channels = 1, ...spatial] = x.shape;
  const size = spatial.reduce((a, b) => a * b, 1);
  const values = floats(x);
  const view = { positions: Int32Array.from({ length: size }, (_, i) => i), count: size, padded: size };
  const out = resultArray(x.dtype, batch * channels);
  for (let plane = 0; plane < out.length; plane++) out[plane] = reduce(values, plane * size, view);
  return floatTensor(x.dtype, [batch, channels, ...spatial.map(() => 1)], out);
}

/** Averages each plane to one element. */
function averageGlobally(x: Tensor): Tensor {
  return poolGlobally(x, mean(false));
}

/** Averages windows, over padding too when `countPadding`. */
export function averagePool(x: Tensor, attributes: PoolAttributes, countPadding: boolean): Tensor {
  return pool(x, attributes, mean(countPadding));
}

/** Flat indices in x of the largest element of each window. */
function largestIndices(x: Tensor, attributes: PoolAttributes, columnMajor: boolean): Tensor {
  const pooling = planPooling(x.shape, attributes);
  const values = floats(x);
  const [inPlane, outPlane] = [volume(pooling.input), volume(pooling.output)];
  const out = new BigInt64Array(pooling.planes * outPlane);
  forEachWindow(pooling, (view, position) => {
    for (let plane = 0; plane < pooling.planes; plane++) {
      const at = largestPosition(values, plane * inPlane, view);
      const index = columnMajor ? columnMajorIndex(at, pooling.input) : at;
      out[plane * outPlane + position] = BigInt(plane * inPlane + index);
    }
  });
  return new Tensor('int64', pooling.shape, out);
}

/** The position in a plane whose first axis varies fastest. */
function columnMajorIndex(at: number, [depth, height, width]: readonly [number, number, number]): number {
  const x = at % width;
  const y = Math.floor(at / width) % height;
  const z = Math.floor(at / (width * height));
  return (x * height + y) * depth + z;
}

const maxPool = defineKernel(MaxPool, {
  prepare: ({ node, attributes }) => {
    const wantsIndices = node.outputs[1] !== undefined;
    return (inputs) => {
      const x = operand(inputs, 0);
      const y = pool(x, attributes, largest);
      return wantsIndices ? [y, largestIndices(x, attributes, attributes.storage_order !== 0)] : [y];
    };
  },
});

const averagePoolKernel = defineKernel(AveragePool, {
  prepare:
    ({ attributes }) =>
    (inputs) => [averagePool(operand(inputs, 0), attributes, attributes.count_include_pad !== 0)],
});

const lpPool = defineKernel(LpPool, {
  prepare:
    ({ attributes }) =>
    (inputs) => [pool(operand(inputs, 0), attributes, norm(attributes.p))],
});

export const poolKernels: readonly Kernel[] = [
  maxPool,
  averagePoolKernel,
  lpPool,
  defineKernel(GlobalAveragePool, { prepare: () => (inputs) => [averageGlobally(operand(inputs, 0))] }),
  defineKernel(GlobalMaxPool, { prepare: () => (inputs) => [poolGlobally(operand(inputs, 0), largest)] }),
  defineKernel(GlobalLpPool, {
    prepare:
      ({ attributes }) =>
      (inputs) => [poolGlobally(operand(inputs, 0), norm(attributes.p))],
  }),
];
