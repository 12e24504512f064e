import type { HistogramState, QuantizedType } from '@octavo/core/quant';
import type { IntegerGrid } from '../sensitivity/range-noise.js';
import type { LayerPair } from './layer-pair.js';

/**
 * Noise of a layer's result by where it comes from: each measured by exchanging that one thing in the float layer. Relative to
 * the signal, as the mean over the output channels of noise power over signal power.
 */
export interface NoiseSources {
  /** What layers before it did to the values that it reads. */
  readonly inherited: number;
  /** Values that it reads beyond the ends of their integers. */
  readonly saturation: number;
  /** Rounding what it reads. */
  readonly inputRounding: number;
  readonly weights: number;
  readonly bias: number;
}

/** The integers that a layer reads; where each run chooses its range, those of the range of all. */
export interface MeasuredInput {
  readonly type: QuantizedType;
  readonly grid: IntegerGrid;
}

/** What was measured of one layer. */
export interface LayerEvidence {
  readonly pair: LayerPair;
  readonly input: MeasuredInput | undefined;
  readonly noise: NoiseSources;
  /** Of the layer's result over all elements, in dB. */
  readonly sqnr: number;
  /** The float values that the layer reads. */
  readonly read: HistogramState;
}

/** What the layer itself adds. */
export function ownNoise({ noise }: LayerEvidence): number {
  return noise.saturation + noise.inputRounding + noise.weights + noise.bias;
}
