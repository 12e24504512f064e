import { cloneModel, type Model } from '@octavo/core/ir';
import type { CalibrationSample, SessionFactory } from '../calibrate.js';
import { Checkpoint } from '../checkpoint.js';
import { choiceWarnings, type TrialFigures, type TrialOptions, Trials } from '../judging/index.js';
import { LayerPrecisions } from '../layer-precisions.js';
import { prepareModel, quantizeModel } from '../quantize.js';
import { QuantizerError } from '../quantizer-error.js';
import { RECIPE_DEFAULTS, type Recipe } from '../recipe.js';
import type { QuantizationReport } from '../report.js';
import { gatherStatistics } from '../sensitivity/layer-statistics.js';
import { type Budget, bestWithin } from './budget.js';
import { type LayerChoice, layerChoice, type PrecisionName, ruleFor } from './layer-choice.js';
import { type Assignment, predictFront } from './predict-front.js';

export interface MixedPrecisionOptions extends TrialOptions {
  readonly calibration: () => AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>;
  readonly createSession: SessionFactory;
  /** What layers may be computed in; default float, w8a8 and w4a8. */
  readonly precisions?: readonly PrecisionName[] | undefined;
  /** What all models share; default static. Layers that it keeps in float have no other precision. */
  readonly recipe?: Partial<Recipe> | undefined;
  readonly budget?: Budget | undefined;
  /** How many assignments of the predicted front to quantize and measure; default 6. */
  readonly points?: number | undefined;
  readonly onPoint?: ((point: MixedPoint, index: number) => void) | undefined;
}

/** A mixed-precision model that was made and measured. */
export interface MixedPoint {
  /** Precision by layer. */
  readonly layers: Readonly<Record<string, PrecisionName>>;
  readonly predicted: { readonly bytes: number; readonly noise: number };
  readonly figures: TrialFigures;
  readonly recipe: Recipe;
  readonly report: QuantizationReport;
  readonly model: Model;
}

export interface MixedPrecisionResult {
  readonly budget: Budget;
  /** The original's metric and the bytes of its ONNX file. */
  readonly original: { readonly value: number; readonly bytes: number };
  /** Measured points that no other beats in size, time and quality at once, smallest first. */
  readonly front: readonly MixedPoint[];
  /** Every measured point. */
  readonly measured: readonly MixedPoint[];
  /** The best point of the front within the budget (see `bestWithin`); undefined when none is. */
  readonly choice: MixedPoint | undefined;
  /** What the user must know about the choice: that it is slower than the original on a target, or may miss the budget. */
  readonly warnings: readonly string[];
}

export const MIXED_DEFAULTS = { precisions: ['float', 'w8a8', 'w4a8'], points: 6 } as const;

/**
 * Chooses a precision for each layer: predicts the front of size and noise from one pass over the calibration samples,
 * then quantizes points along it and measures size, metric and latency of each.
 * @throws QuantizerError `CALIBRATION_EMPTY`, `NOTHING_TO_QUANTIZE` for a model without layers; as `quantizeModel`.
 */
export async function searchMixedPrecision(
  source: Model,
  options: MixedPrecisionOptions,
): Promise<MixedPrecisionResult> {
  const {
    precisions = MIXED_DEFAULTS.precisions,
    points = MIXED_DEFAULTS.points,
    budget = {},
    onPoint,
  } = options;
  const layers = await chooseLayers(source, precisions, options);
  if (!layers.some(canBeQuantized)) throw nothingToQuantize(layers);
  const isQuantized = ({ options: chosen }: Assignment): boolean =>
    chosen.some(({ precision }) => precision !== 'float');
  using trials = await Trials.start(source, options);
  const predicted = predictFront(layers).filter(isQuantized);
  const assignments = spread(smallEnough(predicted, layers, trials.original.bytes, budget), points);
  const measured: MixedPoint[] = [];
  for (const assignment of assignments) {
    const point = await measurePoint(source, layers, assignment, trials, options);
    measured.push(point);
    onPoint?.(point, measured.length);
  }
  // A model whose retention is not defined compares with none: it is shown as measured, never chosen.
  const judged = measured.filter(({ figures }) => !Number.isNaN(figures.retention));
  const front = judged.filter((point) => !judged.some((other) => beats(other.figures, point.figures)));
  const choice = bestWithin(front, budget);
  const { original } = trials;
  return {
    budget,
    original,
    front: front.sort((a, b) => a.figures.bytes - b.figures.bytes),
    measured,
    choice,
    warnings: choice ? choiceWarnings(choice.figures, budget, trials.metric) : [],
  };
}

/**
 * The assignments whose files should fit a budget of bytes: what is no weight of a layer takes as much as in the original,
 * or more. The smallest where none should.
 */
function smallEnough(
  front: readonly Assignment[],
  layers: readonly LayerChoice[],
  originalBytes: number,
  { bytes: most = Number.POSITIVE_INFINITY }: Budget,
): readonly Assignment[] {
  const rest = originalBytes - layers.reduce((sum, { floatBytes }) => sum + floatBytes, 0);
  const fitting = front.filter(({ bytes }) => rest + bytes <= most);
  return fitting.length > 0 ? fitting : front.slice(0, 1);
}

async function chooseLayers(
  source: Model,
  precisions: readonly PrecisionName[],
  { calibration, createSession, signal, recipe }: MixedPrecisionOptions,
): Promise<LayerChoice[]> {
  const model = cloneModel(source);
  await prepareModel(model);
  const shared = new LayerPrecisions(model.graph, { ...RECIPE_DEFAULTS, ...recipe });
  const checkpoint = new Checkpoint(signal);
  const layers: LayerChoice[] = [];
  for (const statistics of await gatherStatistics(model, calibration(), { createSession, signal })) {
    await checkpoint.pass();
    const isFree = shared.floatBecause(statistics.parts.node) === undefined;
    layers.push(layerChoice(statistics, isFree ? precisions : ['float']));
  }
  return layers;
}

async function measurePoint(
  source: Model,
  layers: readonly LayerChoice[],
  { options: chosen, bytes, noise }: Assignment,
  trials: Trials,
  { recipe, calibration, createSession, signal }: MixedPrecisionOptions,
): Promise<MixedPoint> {
  const precisionOf = (index: number): PrecisionName => chosen[index]?.precision ?? 'float';
  const rules = layers.map(({ output }, index) => ruleFor(output, precisionOf(index)));
  const { model, report } = await quantizeModel(source, {
    recipe: { ...recipe, mode: 'static', layers: [...(recipe?.layers ?? []), ...rules] },
    calibration: new Checkpoint(signal).each(calibration()),
    createSession,
    ...(signal ? { signal } : {}),
  });
  const figures = await trials.measure(model);
  const named = Object.fromEntries(layers.map(({ output }, index) => [output, precisionOf(index)]));
  return { layers: named, predicted: { bytes, noise }, figures, recipe: report.recipe, report, model };
}

/** Up to `count` assignments at equal steps of size, with both ends. */
function spread(front: readonly Assignment[], count: number): Assignment[] {
  const [first, last] = [front[0], front.at(-1)];
  if (!first || !last || front.length <= count) return [...front];
  const picked = Array.from({ length: count }, (_, i) => {
    const wanted = first.bytes + ((last.bytes - first.bytes) * i) / Math.max(1, count - 1);
    return front.findLast(({ bytes }) => bytes <= wanted) ?? first;
  });
  return [...new Set(picked)];
}

/** Whether one model is no worse than another in everything and better in something. */
function beats(a: TrialFigures, b: TrialFigures): boolean {
  const values = ({ bytes, retention, latency }: TrialFigures): number[] => [
    bytes,
    -retention,
    ...latency.map(({ ratio }) => ratio),
  ];
  const [own, other] = [values(a), values(b)];
  const better = own.map((value, i) => Math.sign((other[i] ?? Number.NaN) - value));
  return better.every((sign) => sign >= 0) && better.some((sign) => sign > 0);
}

function canBeQuantized({ options }: LayerChoice): boolean {
  return options.some(({ precision }) => precision !== 'float');
}

function nothingToQuantize({ length }: readonly LayerChoice[]): QuantizerError {
  const code = 'NOTHING_TO_QUANTIZE';
  if (length > 0)
    return new QuantizerError({
      code,
      message: `the recipe keeps all ${length} layers in float, or no precision but float is asked for.`,
      remedy: 'Check --include, --exclude and --precisions.',
    });
  return new QuantizerError({
    code,
    message: 'the model has no Conv, Gemm or MatMul with constant weights.',
    remedy: 'Use --mode fp16.',
  });
}
