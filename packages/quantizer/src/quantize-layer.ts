import {
  accumulatorBound,
  type Granularity,
  PER_TENSOR,
  type QuantizedType,
  quantize,
  quantizeBias,
  quantizedTypeOfWeights,
  type StorageDType,
  type WeightOptions,
} from '@octavo/core/quant';
import { type NumberArray, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { ComputeParts } from './compute-ops.js';
import { loadWeights } from './load-weights.js';
import { type ActivationPrecision, hasIntegerSums, integersOf, type WeightPrecision } from './precision.js';

/** A layer's constants in integers. */
export interface QuantizedLayer {
  readonly weights: Tensor<StorageDType>;
  readonly weightType: QuantizedType;
  /** int32 with scales `f32(inputScale * weightScales[c])`; absent where sums are in float. */
  readonly bias: { readonly values: Int32Array; readonly scales: Float32Array } | undefined;
  /** Channels whose weight scale was raised so that the bias fits int32. */
  readonly raised: number;
}

/**
 * Quantizes weights and bias of a layer whose input has `inputScale` (NUMERICS: integer matrix products). Where 16-bit
 * integers make every runtime compute in float, the bias stays float too.
 * @returns The layer, or why it must stay float: an accumulator that could pass 2^31.
 * @throws QuantizationError `QUANT_RANGE` when weights or bias hold NaN or infinity.
 */
export async function quantizeLayer(
  parts: ComputeParts,
  inputScale: number,
  precision: { readonly weights: WeightPrecision; readonly activations: ActivationPrecision },
): Promise<QuantizedLayer | string> {
  const weights = await loadWeights(parts.weight.constant);
  const integers = integersOf(precision.weights);
  const options = { ...weightOptions(parts, precision.weights), integers };
  const chosen = quantizedTypeOfWeights(weights.data, weights.shape, options);
  if (!hasIntegerSums(precision.weights, precision.activations))
    return { weights: quantize(weights, chosen), weightType: chosen, bias: undefined, raised: 0 };
  const bias = parts.bias?.constant ? toNumbers(await parts.bias.constant.load()) : undefined;
  const fitted = bias
    ? fitBias(bias, inputScale, chosen)
    : { weightType: chosen, bias: undefined, raised: 0 };
  const stored = quantize(weights, fitted.weightType, integers);
  const bound = accumulatorBound(toNumbers(stored), weights.shape, parts.channelAxis, {
    zeroPoints: fitted.weightType.zeroPoints,
    ...(fitted.bias ? { bias: fitted.bias.values } : {}),
  });
  if (!bound.fits)
    return `its accumulator could pass 2^31 (channel ${bound.channel} reaches ${bound.bound.toExponential(2)})`;
  return { weights: stored, ...fitted };
}

/** How the weights of a layer are quantized. */
export function weightOptions(
  { channelAxis }: ComputeParts,
  { dtype: storage, symmetric, granularity, blockSize }: WeightPrecision,
): Required<Omit<WeightOptions, 'expressed' | 'integers'>> {
  const granularities: Readonly<Record<WeightPrecision['granularity'], Granularity>> = {
    'per-tensor': PER_TENSOR,
    'per-channel': { kind: 'per-axis', axis: channelAxis },
    'per-block': { kind: 'per-block', axis: 1 - channelAxis, blockSize },
  };
  return { storage, symmetric, granularity: granularities[granularity] };
}

function fitBias(
  bias: NumberArray,
  inputScale: number,
  type: QuantizedType,
): Omit<QuantizedLayer, 'weights'> {
  const { values, scales, weightScales, raised } = quantizeBias(bias, inputScale, type.scales);
  return { weightType: { ...type, scales: weightScales }, bias: { values, scales }, raised: raised.length };
}
