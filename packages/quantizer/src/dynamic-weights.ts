import type { Value } from '@octavo/core/ir';
import {
  accumulatorBound,
  holdsAnyProducts,
  type QuantizedType,
  quantize,
  quantizedTypeOfWeights,
  type StorageDType,
} from '@octavo/core/quant';
import {
  elementCount,
  float32,
  fromNumbers,
  StoredTensor,
  type Tensor,
  toNumbers,
  transposeMatrix,
} from '@octavo/core/tensor';
import { formOf } from './block-operands.js';
import type { ComputeParts } from './compute-ops.js';
import { loadWeights } from './load-weights.js';
import { integersOf, type WeightPrecision } from './precision.js';
import { weightOptions } from './quantize-layer.js';
import type { WeightMemory } from './weight-memory.js';

/** A layer's weights as operands of MatMulInteger or ConvInteger. */
export interface DynamicWeights {
  readonly integers: Value;
  readonly zeroPoint: Value;
  /** Scalar, [N], or [1, C, 1 ...] for a convolution. */
  readonly scale: Value;
}

/** Weights in integers before they are in the graph. */
interface QuantizedWeights {
  readonly tensor: Tensor<StorageDType>;
  readonly type: QuantizedType;
}

/** Quantizes the weights of layers for run-time quantized activations; layers that share weights share their integers. */
export class DynamicWeightMaker {
  private readonly made = new Map<string, DynamicWeights | string>();
  private readonly memory: WeightMemory;

  constructor(memory: WeightMemory) {
    this.memory = memory;
  }

  /** The operands, or why the layer must stay float: an accumulator that could pass 2^31. */
  async of(
    parts: ComputeParts,
    isConv: boolean,
    precision: WeightPrecision,
  ): Promise<DynamicWeights | string> {
    const key = `${parts.weight.name} ${formOf({ parts, precision })}`;
    const weights = this.made.get(key) ?? (await this.make(parts, isConv, precision));
    this.made.set(key, weights);
    return weights;
  }

  private async make(
    parts: ComputeParts,
    isConv: boolean,
    precision: WeightPrecision,
  ): Promise<DynamicWeights | string> {
    const { tensor, type } = await quantizeWeights(parts, isConv, precision);
    const axis = isConv ? 0 : 1;
    if (!holdsAnyProducts(elementCount(tensor.shape) / (tensor.shape[axis] ?? 1))) {
      const { zeroPoints } = type;
      const { fits, channel, bound } = accumulatorBound(toNumbers(tensor), tensor.shape, axis, {
        zeroPoints,
      });
      if (!fits)
        return `its accumulator could pass 2^31 (channel ${channel} reaches ${bound.toExponential(2)})`;
    }
    const rank = isConv ? tensor.shape.length : 1;
    const scaleShape = type.scales.length === 1 ? [] : channelShape(type.scales.length, rank);
    const form = `of products ${formOf({ parts, precision })}`;
    const add = (suffix: string, each: Tensor): Value =>
      this.memory.add(parts.weight, suffix, form, () => StoredTensor.of(each));
    return {
      integers: add('quantized', tensor),
      zeroPoint: add('zero_point', zeroPointTensor(type)),
      scale: add('scale', float32(type.scales, scaleShape)),
    };
  }
}

/** [1, C, 1, 1 ...] of a given rank, or [C] for rank 1. */
export function channelShape(channels: number, rank: number): number[] {
  return rank <= 1 ? [channels] : [1, channels, ...new Array<number>(rank - 2).fill(1)];
}

/**
 * MatMulInteger takes B as [K, N]; ConvInteger has one zero point and, in onnxruntime, unsigned weights only:
 * int8 weights become uint8 with zero point 128, which means the same.
 */
async function quantizeWeights(
  parts: ComputeParts,
  isConv: boolean,
  precision: WeightPrecision,
): Promise<QuantizedWeights> {
  const loaded = await loadWeights(parts.weight.constant);
  const isTransposed = !isConv && parts.channelAxis === 0;
  const [rows = 0, columns = 0] = loaded.shape;
  const source = isTransposed
    ? float32(transposeMatrix(loaded.data, rows, columns), [columns, rows])
    : loaded;
  const oriented = isTransposed ? { ...parts, channelAxis: 1 } : parts;
  const integers = integersOf(precision);
  const options = { ...weightOptions(oriented, precision), integers };
  const { storage } = options;
  const type = quantizedTypeOfWeights(source.data, source.shape, {
    ...options,
    symmetric: isConv || precision.symmetric,
  });
  const tensor = quantize(source, type, integers);
  if (!isConv || storage !== 'int8') return { tensor, type };
  const signed = toNumbers(tensor);
  const shifted = new Uint8Array(signed.length);
  for (let i = 0; i < shifted.length; i++) shifted[i] = (signed[i] ?? 0) + 128;
  return {
    tensor: fromNumbers('uint8', source.shape, shifted),
    type: { ...type, storage: 'uint8', zeroPoints: type.zeroPoints.map((zeroPoint) => zeroPoint + 128) },
  };
}

function zeroPointTensor(type: QuantizedType): Tensor {
  const isUniform = type.zeroPoints.every((zeroPoint) => zeroPoint === type.zeroPoints[0]);
  return isUniform
    ? fromNumbers(type.storage, [], type.zeroPoints.slice(0, 1))
    : fromNumbers(type.storage, [type.zeroPoints.length], type.zeroPoints);
}
