import type { Model } from '@octavo/core/ir';
import type { CalibrationSample } from '../calibrate.js';
import { BridgeGatherer } from './bridge-statistics.js';
import { startGatherers } from './layer-statistics.js';
import { observeTaps, type StatisticsOptions } from './observe-taps.js';
import { startStoredGatherers } from './stored-statistics.js';
import type { SensitiveStatistics } from './subject.js';

/**
 * As `gatherStatistics`, of all that quantization changes in some mode: layers; LSTM, GRU, RNN and embeddings, whose weights
 * alone become integers; and the nodes without weights that static quantization computes in integers between layers.
 * @throws QuantizerError `CALIBRATION_EMPTY` without samples; the signal's reason.
 */
export async function gatherSensitive(
  model: Model,
  samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  options: StatisticsOptions,
): Promise<SensitiveStatistics[]> {
  const { graph } = model;
  const layers = await startGatherers(graph);
  const stored = await startStoredGatherers(graph);
  const bridges = new BridgeGatherer(graph);
  await observeTaps(model, samples, [...layers, ...stored, bridges], options);
  return [
    ...layers.map((gatherer) => gatherer.statistics()),
    ...stored.map((gatherer) => gatherer.statistics()),
    ...bridges.statistics(),
  ];
}
