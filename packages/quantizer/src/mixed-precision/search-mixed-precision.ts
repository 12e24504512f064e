import { cloneModel, type Model } from '@octavo/core/ir';
import type { CalibrationSample, SessionFactory } from '../calibrate.js';
import { Checkpoint } from '../checkpoint.js';
import { choiceWarnings, type TrialFigures, type TrialOptions, Trials } from '../judging/index.js';
import { LayerPrecisions } from '../layer-precisions.js';
import { nothingLeft, nothingToQuantize } from '../nothing-to-quantize.js';
import { prepareModel, quantizeModel } from '../quantize.js';
import { RECIPE_DEFAULTS, type Recipe } from '../recipe.js';
import type { QuantizationReport } from '../report.js';
import { gatherStatistics, quantizableLayers } from '../sensitivity/layer-statistics.js';
import { axesOf, type Budget, bestWithin, limitsOf } from './budget.js';
import { type LayerChoice, layerChoice, type PrecisionName, ruleFor } from './layer-choice.js';
import { cheapest, pickAssignments, uniformAssignments } from './pick-assignments.js';
import { type Assignment, type Limits, predictFront, UNLIMITED } from './predict-front.js';
import { predictTimes } from './predict-times.js';

export interface MixedPrecisionOptions extends TrialOptions {
  readonly calibration: () => AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>;
  readonly createSession: SessionFactory;
  /** What layers may be computed in; default float, w8a8 and w4a8. */
  readonly precisions?: readonly PrecisionName[] | undefined;
  /** What all models share; default static. Layers that it keeps in float have no other precision. */
  readonly recipe?: Partial<Recipe> | undefined;
  readonly budget?: Budget | undefined;
  /**
   * How many assignments to quantize and measure, default 6: those of one precision throughout, of which there may be more, and then
   * assignments of the predicted front.
   */
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
 * Chooses a precision for each layer: measures size, metric and latency of the models of one precision, then of points along
 * the front of size, noise and, where the budget asks for it, time, which is predicted from them and from one pass over the
 * calibration samples.
 * @throws QuantizerError `CALIBRATION_EMPTY`, `NOTHING_TO_QUANTIZE` for a model without layers; as `quantizeModel`.
 */
export async function searchMixedPrecision(
  source: Model,
  options: MixedPrecisionOptions,
): Promise<MixedPrecisionResult> {
  const { precisions = MIXED_DEFAULTS.precisions, budget = {}, onPoint } = options;
  const layers = await chooseLayers(source, precisions, options);
  if (!layers.some(canBeQuantized)) throw nothingLeft();
  using trials = await Trials.start(source, options);
  const measured: MixedPoint[] = [];
  const measure = async (assignments: Iterable<Assignment>): Promise<void> => {
    for (const assignment of assignments) {
      const point = await measurePoint(source, layers, assignment, trials, options);
      measured.push(point);
      onPoint?.(point, measured.length);
    }
  };
  const uniform = uniformAssignments(layers);
  await measure(uniform.values());
  const figures = new Map([...uniform.keys()].map((name, i) => [name, measured[i]?.figures]));
  await measure(moreAssignments(layers, figures, trials.original.bytes, options));
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
 * Assignments of the predicted front that should meet a budget of size and time; models of one precision are measured already.
 * What is no weight of a layer takes as much of a file as in the original.
 */
function moreAssignments(
  layers: readonly LayerChoice[],
  uniform: ReadonlyMap<PrecisionName, TrialFigures | undefined>,
  originalBytes: number,
  { budget = {}, points = MIXED_DEFAULTS.points }: MixedPrecisionOptions,
): Assignment[] {
  const latencies = new Map([...uniform].map(([name, figures]) => [name, figures?.latency[0]]));
  const axes = axesOf(budget);
  const timed = axes.includes('time') ? predictTimes(layers, latencies) : layers;
  const rest = originalBytes - layers.reduce((sum, { floatBytes }) => sum + floatBytes, 0);
  const [latency] = latencies.values();
  const limits = limitsOf(budget, rest, latency?.original.median ?? Number.NaN);
  const frontWithin = (most: Limits): Assignment[] =>
    predictFront(timed, most).filter(({ options }) => options.some(({ precision }) => precision !== 'float'));
  const known = [...uniformAssignments(timed).values()];
  const count = Math.max(0, points - known.length);
  const front = frontWithin(limits);
  if (front.length > 0 || limits.time === UNLIMITED.time) return pickAssignments(front, known, axes, count);
  // Times are estimates: the fastest models may do what none should.
  return cheapest(frontWithin({ ...limits, time: UNLIMITED.time }), known, 'time', count);
}

async function chooseLayers(
  source: Model,
  precisions: readonly PrecisionName[],
  { calibration, createSession, signal, recipe }: MixedPrecisionOptions,
): Promise<LayerChoice[]> {
  const model = cloneModel(source);
  await prepareModel(model);
  if (quantizableLayers(model.graph).length === 0)
    throw nothingToQuantize(
      model.graph,
      'the model has no Conv, ConvTranspose, Gemm or MatMul with constant weights.',
      'Use --mode fp16.',
    );
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
