import { Checkpoint } from '../checkpoint.js';
import { decibels, partNoise } from './layer-noise.js';
import { isSeen, type LayerStatistics, layerNames } from './layer-statistics.js';
import { type Bits, type Part, rank, type Sensitivity } from './sensitivity.js';

export interface EstimateOptions {
  readonly bits: readonly Bits[];
  readonly parts: readonly Part[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * The cheap mode: every layer alone, estimated from statistics that one pass over the samples gave; ranked. See
 * `partNoise` for the estimate.
 */
export async function estimateSensitivity(
  statistics: readonly LayerStatistics[],
  { bits, parts, signal }: EstimateOptions,
): Promise<Sensitivity[]> {
  const checkpoint = new Checkpoint(signal);
  const entries: Sensitivity[] = [];
  for (const layer of statistics) {
    for (const part of parts) {
      for (const width of bits) {
        await checkpoint.pass();
        const sqnr = isSeen(layer) ? decibels(layer.outputPower, partNoise(layer, part, width)) : Number.NaN;
        entries.push({ ...layerNames(layer.parts), part, bits: width, sqnr, weights: layer.weights.length });
      }
    }
  }
  return rank(entries);
}
