import { cloneModel, type Model } from '@octavo/core/ir';
import type { ObserverName } from '@octavo/core/quant';
import { type CalibrationOptions, type CalibrationSample, observeSamples } from './calibrate.js';
import { Calibration } from './calibration.js';
import { prepareModel } from './quantize.js';
import { valuesToWatch } from './quantize-static.js';
import { RECIPE_DEFAULTS, type Recipe } from './recipe.js';
import { ReportBuilder } from './report.js';

export interface CalibrateModelOptions extends CalibrationOptions {
  /** Whose activations are watched; its observers do not matter here. */
  readonly recipe?: Partial<Recipe>;
  /** What was observed before: it grows. */
  readonly resume?: Calibration;
}

/** A histogram tells extremes, percentiles, entropy and squared errors; means of ranges need their own observer. */
const OBSERVERS: ReadonlySet<ObserverName> = new Set(['mse', 'moving-average'] as const);

/**
 * Observes samples on the float form of a model, for later quantization with any observer. The source is not changed.
 * @throws QuantizerError `NOTHING_TO_QUANTIZE`, `CALIBRATION_NAN`, `CALIBRATION_MISMATCH` when `resume` watches other
 *   values.
 */
export async function calibrateModel(
  source: Model,
  samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  options: CalibrateModelOptions,
): Promise<Calibration> {
  const model = cloneModel(source);
  const report = new ReportBuilder();
  await prepareModel(model, report);
  const recipe: Recipe = { ...RECIPE_DEFAULTS, ...options.recipe, mode: 'static' };
  const values = await valuesToWatch(model, recipe, report);
  const fresh = Calibration.watching(new Map([...values.keys()].map((value) => [value, OBSERVERS])));
  const calibration = options.resume ?? fresh;
  if (options.resume) calibration.merge(fresh);
  await observeSamples(model, calibration, samples, options);
  return calibration;
}
