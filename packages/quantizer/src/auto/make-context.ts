import { cloneModel, type Model } from '@octavo/core/ir';
import { Checkpoint } from '../checkpoint.js';
import { prepareModel, quantizeModel } from '../quantize.js';
import { QuantizerError } from '../quantizer-error.js';
import type { Recipe } from '../recipe.js';
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
      recipe: { ...options.recipe, ...recipe },
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

async function rankLayers(
  source: Model,
  { calibration, createSession, signal }: AutoOptions,
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
  const statistics = await gatherStatistics(model, calibration(), { createSession, signal });
  return estimateSensitivity(statistics, { bits: [8], parts: ['both'], signal });
}
