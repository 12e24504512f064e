import { cloneModel, type Model } from '@octavo/core/ir';
import type { CalibrationSample } from '../calibrate.js';
import type { LayerRule } from '../layer-rule.js';
import { prepareModel } from '../quantize.js';
import { decibels } from '../sensitivity/layer-noise.js';
import { layerNames } from '../sensitivity/layer-statistics.js';
import { nodesBetween } from '../subgraph.js';
import type { Cause } from './cause.js';
import { CAUSES } from './causes/index.js';
import { type LayerEvidence, type NoiseSources, ownNoise } from './evidence.js';
import { pairLayers } from './layer-pair.js';
import { type MeasureLayersOptions, measureLayers } from './measure-layers.js';
import { raiseIntegerOps } from './raise-integer-ops.js';

/** Why a layer loses accuracy and what would mend it. */
export interface NamedCause {
  readonly cause: string;
  readonly evidence: string;
  readonly change: string;
  /** The change as rules of a recipe; none where quantizing anew is enough. */
  readonly rules: readonly LayerRule[];
}

/** One layer of a quantized model, compared with the original's. */
export interface LayerExplanation {
  readonly node: string;
  readonly op: string;
  /** The value that the layer computes: a name that no other layer has. */
  readonly output: string;
  /** Of the layer's result, with everything quantized, in dB. */
  readonly sqnr: number;
  /** What the layer itself would leave if nothing else were quantized, in dB, as the mean over its output channels. */
  readonly ownSqnr: number;
  /** Noise power over signal power by source, as the mean over the output channels. */
  readonly noise: NoiseSources;
  /** What explains most of the noise of its result; null for a layer without any. */
  readonly because: NamedCause | null;
  /** What explains most of the noise that it adds itself; null for a layer that adds none. */
  readonly own: NamedCause | null;
}

export interface ExplainOptions extends MeasureLayersOptions {
  /** Default {@link CAUSES}. */
  readonly causes?: readonly Cause[] | undefined;
}

/**
 * Compares the layers of a quantized model (static in Q/DQ pairs or integer ops, dynamic, or with weights in blocks) with those
 * of the model that it was made from, and names for each why it loses accuracy; those that add most noise come first.
 */
export async function explainLayers(
  source: Model,
  quantized: Model,
  samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  { causes = CAUSES, ...options }: ExplainOptions,
): Promise<LayerExplanation[]> {
  const original = cloneModel(source);
  await prepareModel(original);
  const raised = await raiseIntegerOps(quantized);
  const pairs = await pairLayers(original.graph, raised);
  const layers = await measureLayers(pairs, original, raised, samples, options);
  const own = causes.filter(({ origin }) => origin === 'own');
  return layers
    .toSorted((a, b) => ownNoise(b) - ownNoise(a))
    .map((layer) => {
      const before = layersBefore(layer, layers);
      return {
        ...layerNames(layer.pair.parts),
        sqnr: layer.sqnr,
        ownSqnr: decibels(1, ownNoise(layer)),
        noise: layer.noise,
        because: largest(causes, layer, before),
        own: largest(own, layer, before),
      };
    });
}

function layersBefore(layer: LayerEvidence, layers: readonly LayerEvidence[]): LayerEvidence[] {
  const nodes = nodesBetween([], [layer.pair.parts.data]);
  return layers.filter(({ pair }) => nodes.has(pair.parts.node));
}

function largest(
  causes: readonly Cause[],
  layer: LayerEvidence,
  before: readonly LayerEvidence[],
): NamedCause | null {
  let [best, most]: [NamedCause | null, number] = [null, 0];
  for (const { name, examine } of causes) {
    const finding = examine(layer, before);
    if (!finding || finding.noise <= most) continue;
    const { evidence, change, rules } = finding;
    [best, most] = [{ cause: name, evidence, change, rules }, finding.noise];
  }
  return best;
}
