import type { Model } from '@octavo/core/ir';
import { byteLengthOf, elementCount } from '@octavo/core/tensor';
import type { CalibrationSample } from './calibrate.js';
import { Calibration } from './calibration.js';
import { bitsOf } from './precision.js';
import type { QuantizeOptions } from './quantize.js';
import type { WeightPlan } from './quantize-weight-only.js';
import { QuantizerError } from './quantizer-error.js';
import type { Recipe } from './recipe.js';
import type { ReportBuilder } from './report.js';
import { type LayerToRound, type RoundedByWeight, roundInSequence, weightKey } from './round-in-sequence.js';
import { blockFormatOf } from './weight-only-layer.js';
import {
  type BlockFormat,
  nearest,
  type RoundMatrix,
  WEIGHT_ROUNDINGS,
  type WeightRounding,
} from './weight-rounding/index.js';

/** Most bytes of samples kept for the passes over them. */
const SAMPLE_MEMORY = 2 ** 29;

/** How one layer's weights become integers. */
export type LayerRounding = (plan: WeightPlan) => {
  readonly name: string;
  readonly round: RoundMatrix;
};

/**
 * Chooses the rounding of each layer, and runs the samples where it learns from them. Layers that read one weight share what was
 * learned, inside If, Loop and Scan too; others there, which see no sample, round to the nearest where they would learn.
 * Throws as `quantizeWeightOnly`.
 * @param plans The layers of the model's own graph.
 */
export async function chooseRounding(
  model: Model,
  plans: readonly WeightPlan[],
  recipe: Recipe,
  options: QuantizeOptions,
  report: ReportBuilder,
): Promise<LayerRounding> {
  const learning = plans.flatMap((plan) => {
    const { rounding, format } = choose(plan, recipe, options);
    return rounding.needsInputs && format ? [{ parts: plan.parts, format, rounding }] : [];
  });
  const learned = learning.length === 0 ? undefined : await learn(model, learning, options, report);
  // Graphs inside may have weights of the same name.
  const sources = new Set(learning.map(({ parts }) => parts.weight));
  return (plan) => {
    const { rounding, format } = choose(plan, recipe, options);
    if (!rounding.needsInputs || !format) return rounding;
    const weight = plan.memory.sourceOf(plan.parts.weight);
    const known = sources.has(weight) && learned?.get(weightKey({ ...plan.parts, weight }, format));
    return known ? { name: rounding.name, round: () => known } : nearest;
  };
}

interface Choice {
  readonly rounding: WeightRounding;
  /** Undefined for weights that are not in blocks, which have no choice of rounding. */
  readonly format: BlockFormat | undefined;
}

function choose({ parts, precision }: WeightPlan, recipe: Recipe, { calibration }: QuantizeOptions): Choice {
  const format = blockFormatOf(parts, precision, recipe.weightOnlyFormat);
  const hasSamples = calibration !== undefined && !(calibration instanceof Calibration);
  const byDefault = hasSamples && bitsOf(precision.dtype) < 8 ? 'gptq' : 'nearest';
  return { format, rounding: WEIGHT_ROUNDINGS[format ? (recipe.rounding ?? byDefault) : 'nearest'] };
}

async function learn(
  model: Model,
  layers: readonly LayerToRound[],
  options: QuantizeOptions,
  report: ReportBuilder,
): Promise<RoundedByWeight> {
  const { createSession, signal } = options;
  const samples = await keepSamples(options, report);
  if (!createSession || samples.length === 0) throw missingSamples();
  return await roundInSequence(model, layers, samples, { createSession, signal });
}

/** The samples, which several passes run. */
async function keepSamples(
  { calibration, signal, onSample }: QuantizeOptions,
  report: ReportBuilder,
): Promise<CalibrationSample[]> {
  if (!calibration || calibration instanceof Calibration) return [];
  const kept: CalibrationSample[] = [];
  let bytes = 0;
  for await (const sample of calibration) {
    signal?.throwIfAborted();
    for (const { dtype, shape } of Object.values(sample.feeds))
      bytes += byteLengthOf(dtype, elementCount(shape));
    if (bytes > SAMPLE_MEMORY && kept.length > 0) {
      report.warnings.push(
        `only the first ${report.samples} samples were used: more would take over 512 MiB.`,
      );
      break;
    }
    kept.push(sample);
    report.samples += sample.count ?? 1;
    onSample?.(report.samples);
  }
  return kept;
}

function missingSamples(): QuantizerError {
  return new QuantizerError({
    code: 'CALIBRATION_MISSING',
    message: 'rounding by gptq learns from calibration samples, and there are none.',
    remedy: 'Give samples (--calibration PATH), or round by mse or hqq.',
  });
}
