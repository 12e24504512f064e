import type { ComputeParts } from '../compute-ops.js';
import type { LayerRule } from '../layer-rule.js';
import { activationNoise, roundWeights, weightNoise } from '../sensitivity/layer-noise.js';
import { isSeen, type LayerStatistics, layerNames } from '../sensitivity/layer-statistics.js';

/** A precision that a layer can be computed in: weights and activations, in bits. */
export type PrecisionName = 'float' | 'w8a16' | 'w8a8' | 'w4a8' | 'w2a8';

interface Precision {
  readonly bits: { readonly weights: 2 | 4 | 8; readonly activations: 8 | 16 } | undefined;
  /** What makes a layer so in a static recipe. */
  readonly change: Pick<LayerRule, 'keepFloat' | 'weights' | 'activations'>;
}

/** Every precision there is, with what it means for a recipe. */
export const PRECISIONS: Readonly<Record<PrecisionName, Precision>> = {
  float: { bits: undefined, change: { keepFloat: true } },
  w8a16: {
    bits: { weights: 8, activations: 16 },
    change: { weights: { dtype: 'int8' }, activations: { dtype: 'uint16' } },
  },
  w8a8: {
    bits: { weights: 8, activations: 8 },
    change: { weights: { dtype: 'int8' }, activations: { dtype: 'uint8' } },
  },
  w4a8: {
    bits: { weights: 4, activations: 8 },
    change: { weights: { dtype: 'int4' }, activations: { dtype: 'uint8' } },
  },
  w2a8: {
    bits: { weights: 2, activations: 8 },
    change: { weights: { dtype: 'int2' }, activations: { dtype: 'uint8' } },
  },
};

/** One precision of one layer: what it costs and what it loses. */
export interface LayerOption {
  readonly precision: PrecisionName;
  /** Bytes of the weight with its scales and zero points. */
  readonly bytes: number;
  /** Estimated noise over signal at the layer's output; infinite where the samples do not tell. */
  readonly noise: number;
  /** Of the original's time, what the layer takes; 0 where times are not looked at. */
  readonly time: number;
}

/** The options of one layer. */
export interface LayerChoice {
  readonly node: string;
  /** The value that the layer computes. */
  readonly output: string;
  /** Bytes of the weight in float32. */
  readonly floatBytes: number;
  /** Of all calibration samples. */
  readonly multiplications: number;
  readonly options: readonly LayerOption[];
}

/** Estimates what each precision of a layer costs and loses. */
export function layerChoice(statistics: LayerStatistics, names: readonly PrecisionName[]): LayerChoice {
  const { node, output } = layerNames(statistics.parts);
  const floatBytes = 4 * statistics.weights.length;
  const options = names.map((name) => optionOf(statistics, name));
  return { node, output, floatBytes, multiplications: statistics.multiplications, options };
}

/** The rule that gives a layer a precision. */
export function ruleFor(output: string, precision: PrecisionName): LayerRule {
  return { nodes: [output], ...PRECISIONS[precision].change };
}

function optionOf(statistics: LayerStatistics, precision: PrecisionName): LayerOption {
  const { weights, parts, shape } = statistics;
  const { bits } = PRECISIONS[precision];
  if (!bits) return { precision, bytes: 4 * weights.length, noise: 0, time: 0 };
  const rounded = roundWeights(statistics, { bits: bits.weights });
  const noise = weightNoise(statistics, rounded) + activationNoise(statistics, bits.activations);
  const bytes = Math.ceil((weights.length * bits.weights) / 8) + scaleBytes(parts, shape, bits.weights);
  return { precision, bytes, noise: noiseOverSignal(statistics, noise), time: 0 };
}

/** Samples that never reached the layer, or drove it beyond finite numbers, say nothing in favour of fewer bits. */
function noiseOverSignal(statistics: LayerStatistics, noise: number): number {
  const { outputPower } = statistics;
  if (!isSeen(statistics) || !Number.isFinite(noise + outputPower)) return Number.POSITIVE_INFINITY;
  return noise === 0 ? 0 : noise / outputPower;
}

/** A float32 scale and a zero point of the weight's width for each output channel. */
function scaleBytes({ channelAxis }: ComputeParts, shape: readonly number[], bits: number): number {
  const channels = shape[channelAxis] ?? 1;
  return 4 * channels + Math.ceil((channels * bits) / 8);
}
