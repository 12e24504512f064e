import {
  dequantize,
  type Granularity,
  PER_TENSOR,
  quantize,
  quantizedTypeOfWeights,
} from '@octavo/core/quant';
import { type NumberArray, Tensor, toNumbers } from '@octavo/core/tensor';
import type { LayerStatistics } from './layer-statistics.js';
import { gridOfRange, rangeNoise } from './range-noise.js';
import type { Bits, Part } from './sensitivity.js';
import { meanOutputSquare } from './weight-layout.js';

const WEIGHT_STORAGE = { 2: 'int2', 4: 'int4', 8: 'int8', 16: 'int16' } as const;

/** How a layer's weights are quantized for an estimate. */
export interface WeightScheme {
  readonly bits: Bits;
  /** Default: one scale an output channel. */
  readonly granularity?: Granularity['kind'];
}

/** The numbers that a layer's quantized weights stand for: symmetric, per channel by default. */
export function roundWeights(
  { parts, weights, shape }: Pick<LayerStatistics, 'parts' | 'weights' | 'shape'>,
  { bits, granularity = 'per-axis' }: WeightScheme,
): NumberArray {
  const perChannel: Granularity = { kind: 'per-axis', axis: parts.channelAxis };
  return roundNumbers(weights, shape, bits, granularity === 'per-tensor' ? PER_TENSOR : perChannel);
}

/** The numbers that symmetric integers in the place of others stand for. */
export function roundNumbers(
  numbers: Float32Array,
  shape: readonly number[],
  bits: Bits,
  granularity: Granularity,
): NumberArray {
  const type = quantizedTypeOfWeights(numbers, shape, { storage: WEIGHT_STORAGE[bits], granularity });
  return toNumbers(dequantize(quantize(new Tensor('float32', shape, numbers), type), type));
}

/**
 * Estimated noise power of one layer's output when its weights and the activation that it reads are quantized. Rounding
 * errors are taken as uncorrelated with each other and with the signal, so that their powers add up over a sum
 * (Lin, Talathi and Annapureddy 2016, "Fixed point quantization of deep convolutional networks", section 3). No Hessian
 * and no run of the model.
 */
export function partNoise(statistics: LayerStatistics, part: Part, bits: Bits): number {
  const weights = part === 'activations' ? 0 : weightNoise(statistics, roundWeights(statistics, { bits }));
  const activations = part === 'weights' ? 0 : activationNoise(statistics, bits);
  return weights + activations;
}

/** Mean square at the output of replacing the weights by others. */
export function weightNoise({ layout, weights, inputPower }: LayerStatistics, rounded: NumberArray): number {
  const squares = (i: number): number => ((weights[i] ?? 0) - (rounded[i] ?? 0)) ** 2;
  return meanOutputSquare(layout, squares, inputPower);
}

/** Mean square at the output of rounding the input to `bits` bits over the range seen. */
export function activationNoise(statistics: LayerStatistics, bits: number): number {
  const { input } = statistics;
  const { rounding, saturation } = rangeNoise(input, gridOfRange(input, bits));
  return inputNoiseAtOutput(statistics, rounding + saturation);
}

/** Mean square at the output of white noise of a power at the input. */
export function inputNoiseAtOutput({ layout, weights }: LayerStatistics, power: number): number {
  return meanOutputSquare(layout, (i) => (weights[i] ?? 0) ** 2, power);
}

/** Noise over signal as dB. */
export function decibels(signal: number, noise: number): number {
  return noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
}
