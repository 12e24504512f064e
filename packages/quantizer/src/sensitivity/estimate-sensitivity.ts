import { Checkpoint } from '../checkpoint.js';
import { layerNames } from './layer-statistics.js';
import { type Bits, type Part, rank, type Sensitivity } from './sensitivity.js';
import { isQuantized, type SensitiveStatistics, subjectOf } from './subject.js';

export interface EstimateOptions {
  readonly bits: readonly Bits[];
  readonly parts: readonly Part[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * The cheap mode: everything alone, estimated from statistics that one pass over the samples gave; ranked. See
 * `partNoise` for the estimate of layers.
 */
export async function estimateSensitivity(
  statistics: readonly SensitiveStatistics[],
  { bits, parts, signal }: EstimateOptions,
): Promise<Sensitivity[]> {
  const checkpoint = new Checkpoint(signal);
  const entries: Sensitivity[] = [];
  for (const subject of statistics.map(subjectOf)) {
    const { weights } = subject;
    for (const part of parts) {
      for (const width of bits) {
        if (!isQuantized(subject, part, width)) continue;
        await checkpoint.pass();
        const sqnr = subject.estimate(part, width);
        entries.push({ ...layerNames(subject), part, bits: width, sqnr, weights });
      }
    }
  }
  return rank(entries);
}
