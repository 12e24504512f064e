import type { HistogramState } from '@octavo/core/quant';
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

/** What was measured of one layer. */
export interface LayerEvidence {
  readonly pair: LayerPair;
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
