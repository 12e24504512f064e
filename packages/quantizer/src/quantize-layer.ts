import {
  accumulatorBound,
  type Granularity,
  PER_TENSOR,
  type QuantizedType,
  quantize,
  quantizeBias,
  quantizedTypeOfWeights,
  type StorageDType,
} from '@octavo/core/quant';
import { type NumberArray, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { ComputeParts } from './compute-ops.js';
import { loadWeights } from './load-weights.js';
import type { Recipe } from './recipe.js';

/** A layer's constants in integers. */
export interface QuantizedLayer {
  readonly weights: Tensor<StorageDType>;
  readonly weightType: QuantizedType;
  /** int32 with scales `f32(inputScale * weightScales[c])`. */
  readonly bias: { readonly values: Int32Array; readonly scales: Float32Array } | undefined;
  /** Channels whose weight scale was raised so that the bias fits int32. */
  readonly raised: number;
}

/**
 * Quantizes weights and bias of a layer whose input has `inputScale` (NUMERICS: integer matrix products).
 * @returns The layer, or why it must stay float: an accumulator that could pass 2^31.
 * @throws QuantizationError `QUANT_RANGE` when weights or bias hold NaN or infinity.
 */
export async function quantizeLayer(
  parts: ComputeParts,
  inputScale: number,
  recipe: Recipe,
): Promise<QuantizedLayer | string> {
  const weights = await loadWeights(parts.weight.constant);
  const granularity: Granularity = recipe.perChannel
    ? { kind: 'per-axis', axis: parts.channelAxis }
    : PER_TENSOR;
  const chosen = quantizedTypeOfWeights(weights.data, weights.shape, {
    storage: recipe.weights,
    granularity,
    symmetric: !recipe.weights.startsWith('u'),
  });
  const bias = parts.bias?.constant ? toNumbers(await parts.bias.constant.load()) : undefined;
  const fitted = bias
    ? fitBias(bias, inputScale, chosen)
    : { weightType: chosen, bias: undefined, raised: 0 };
  const integers = quantize(weights, fitted.weightType);
  const bound = accumulatorBound(toNumbers(integers), weights.shape, parts.channelAxis, {
    zeroPoints: fitted.weightType.zeroPoints,
    ...(fitted.bias ? { bias: fitted.bias.values } : {}),
  });
  if (!bound.fits)
    return `its accumulator could pass 2^31 (channel ${bound.channel} reaches ${bound.bound.toExponential(2)})`;
  return { weights: integers, ...fitted };
}

function fitBias(
  bias: NumberArray,
  inputScale: number,
  type: QuantizedType,
): Omit<QuantizedLayer, 'weights'> {
  const { values, scales, weightScales, raised } = quantizeBias(bias, inputScale, type.scales);
  return { weightType: { ...type, scales: weightScales }, bias: { values, scales }, raised: raised.length };
}
