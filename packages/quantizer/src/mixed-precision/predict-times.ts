import type { TargetLatency } from '../judging/index.js';
import type { LayerChoice, PrecisionName } from './layer-choice.js';

/** Measured latencies of models whose layers have one precision where they can. */
export type UniformLatencies = ReadonlyMap<PrecisionName, Pick<TargetLatency, 'ratio'> | undefined>;

/**
 * Estimates the time of every option: of the measured time of a model that has its precision throughout, a layer takes its
 * share of the multiplications. Sums are exact for those models and for the original, which takes 1.
 */
export function predictTimes(layers: readonly LayerChoice[], latencies: UniformLatencies): LayerChoice[] {
  const work = ({ options, multiplications }: LayerChoice): number =>
    options.some(({ precision }) => precision !== 'float') ? multiplications : 0;
  const total = layers.reduce((sum, layer) => sum + work(layer), 0);
  return layers.map((layer) => {
    const share = total > 0 ? work(layer) / total : 0;
    const options = layer.options.map((option) => ({
      ...option,
      time: share * (latencies.get(option.precision)?.ratio ?? 1),
    }));
    return { ...layer, options };
  });
}
