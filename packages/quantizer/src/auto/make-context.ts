import { cloneModel, type Model } from '@octavo/core/ir';
import { Checkpoint } from '../checkpoint.js';
import { LayerPrecisions } from '../layer-precisions.js';
import { prepareModel, quantizeModel } from '../quantize.js';
import { QuantizerError } from '../quantizer-error.js';
import { RECIPE_DEFAULTS, type Recipe } from '../recipe.js';
import { estimateSensitivity, gatherStatistics, type Sensitivity } from '../sensitivity/index.js';
import type { AutoOptions } from './run-auto.js';
import type { Attempt, Candidate, RungContext } from './rung.js';

/** What the rungs of one search work with. */
export function makeContext(source: Model, options: AutoOptions, attempts: readonly Attempt[]): RungContext {
  const { calibration, createSession, signal, limit } = options;
  let ranked: Promise<readonly Sensitivity[]> | undefined;
  const quantize = async (label: string, recipe: Partial<Recipe>): Promise<Candidate> => ({
    label,
    ...(await quantizeModel(source, {
      recipe: { ...options.recipe, ...recipe, ...joinLists(options.recipe, recipe) },
      createSession,
      ...(calibration ? { calibration: new Checkpoint(signal).each(calibration()) } : {}),
      ...(signal ? { signal } : {}),
    })),
  });
  return {
    source,
    limit,
    canCalibrate: calibration !== undefined,
    attempts,
    signal,
    quantize,
    sensitivity: () => (ranked ??= rankLayers(source, options)),
  };
}

/** What is excluded from all methods, and their rules for layers, hold whatever a rung adds to them. */
function joinLists(shared: Partial<Recipe> = {}, own: Partial<Recipe>): Pick<Recipe, 'exclude' | 'layers'> {
  const { exclude, layers } = RECIPE_DEFAULTS;
  const recipes = [shared, own];
  return {
    exclude: [...new Set(recipes.flatMap((each) => each.exclude ?? exclude))],
    layers: [...new Set(recipes.flatMap((each) => each.layers ?? layers))],
  };
}

async function rankLayers(
  source: Model,
  { calibration, createSession, signal, recipe }: AutoOptions,
): Promise<readonly Sensitivity[]> {
  if (!calibration) {
    throw new QuantizerError({
      code: 'CALIBRATION_MISSING',
      message: 'the sensitivity of layers is found from calibration samples.',
      remedy: 'Give --calibration PATH.',
    });
  }
  const model = cloneModel(source);
  await prepareModel(model);
  const precisions = new LayerPrecisions(model.graph, { ...RECIPE_DEFAULTS, ...recipe });
  const statistics = await gatherStatistics(model, calibration(), { createSession, signal });
  const free = statistics.filter(({ parts }) => precisions.floatBecause(parts.node) === undefined);
  return estimateSensitivity(free, { bits: [8], parts: ['both'], signal });
}
