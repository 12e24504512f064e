import { Conv, ConvTranspose, cloneModel, type Graph, type Model } from '@octavo/core/ir';
import type { ObserverName } from '@octavo/core/quant';
import { type CalibrationOptions, type CalibrationSample, observeSamples } from './calibrate.js';
import { Calibration } from './calibration.js';
import type { CalibrationOrigin } from './calibration-origin.js';
import { prepareModel } from './quantize.js';
import { valuesToWatch } from './quantize-static.js';
import { RECIPE_DEFAULTS, type Recipe } from './recipe.js';
import { ReportBuilder } from './report.js';

export interface CalibrateModelOptions extends CalibrationOptions {
  /** Whose activations are watched; its observers do not matter here. */
  readonly recipe?: Partial<Recipe>;
  /**
   * Observe each activation channel by channel too, where the number of channels does not vary: axis 1 of what convolutions
   * read or give and of images, else the last one.
   * Histograms take up to 32 KB a channel, `minmax` and `moving-average` a few numbers.
   */
  readonly perChannel?: ObserverName | undefined;
  /** What was observed before: it grows. */
  readonly resume?: Calibration;
  /** What is observed, to be told apart later; that of `resume` stays as it is. */
  readonly origin?: CalibrationOrigin;
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
  const fresh = Calibration.watching(
    new Map([...values.keys()].map((value) => [value, OBSERVERS])),
    options.perChannel && { observer: options.perChannel, axes: channelAxes(model.graph, values.keys()) },
  );
  fresh.origin = options.origin;
  options.resume?.requireSameValues(fresh);
  const calibration = options.resume ?? fresh;
  await observeSamples(model, calibration, samples, options);
  return calibration;
}

/** Where values count their channels; those whose number of channels is not known beforehand are left out. */
function channelAxes(graph: Graph, names: Iterable<string>): Map<string, number> {
  const axes = new Map<string, number>();
  for (const name of names) {
    const value = graph.value(name);
    if (!value?.shape) continue;
    const nodes = [value.producer, ...value.users].filter((node) => node !== undefined);
    const axis =
      nodes.some((node) => Conv.is(node) || ConvTranspose.is(node)) || value.shape.length > 3 ? 1 : -1;
    if (typeof value.shape.at(axis) === 'number') axes.set(name, axis);
  }
  return axes;
}
