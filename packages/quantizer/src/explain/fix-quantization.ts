import { cloneModel, type Model } from '@octavo/core/ir';
import type { CalibrationSample, SessionFactory } from '../calibrate.js';
import type { LayerRule } from '../layer-rule.js';
import { prepareModel, quantizeModel } from '../quantize.js';
import { QuantizerError } from '../quantizer-error.js';
import type { Recipe } from '../recipe.js';
import type { QuantizationReport } from '../report.js';
import { explainLayers, type LayerExplanation } from './explain-layers.js';
import type { Goal, GoalFigure } from './goal.js';
import { keepFloat } from './precision-change.js';
import { recipeOfModel } from './recipe-of-model.js';

export interface FixOptions {
  readonly goal: Goal;
  /** Samples to explain on: the same ones each time. */
  readonly samples: () => AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>;
  /** What {@link explainLayers} says of the quantized model, where that is known. */
  readonly explained?: readonly LayerExplanation[] | undefined;
  /** Samples to calibrate on. */
  readonly calibration: () => AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>;
  readonly createSession: SessionFactory;
  /** Opens quantized models so that they take and give what the original does; default `createSession`. */
  readonly openQuantized?: SessionFactory | undefined;
  /** Most rounds of changes; default 12. */
  readonly rounds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onRound?: ((round: FixRound) => void) | undefined;
}

/** A change made to one layer. */
export interface AppliedChange {
  readonly node: string;
  readonly cause: string;
  readonly evidence: string;
  readonly change: string;
}

/** Changes made together, and where they led. */
export interface FixRound {
  readonly changes: readonly AppliedChange[];
  readonly figure: GoalFigure;
}

export interface FixResult {
  readonly goal: string;
  /** Whether the goal was reached. */
  readonly reached: boolean;
  readonly before: GoalFigure;
  readonly rounds: readonly FixRound[];
  /** What the user must know: that the samples do not decide whether the goal is reached. */
  readonly warnings: readonly string[];
  /** The last model made; the quantized one given when that reached the goal already. */
  readonly model: Model;
  /** How that was made; undefined for the model given. */
  readonly report: QuantizationReport | undefined;
  readonly recipe: Recipe;
}

/** A round changes the fewest layers that add this share of all noise. */
const SHARE = 0.5;

/**
 * Makes the changes that explanations name, those of the layers that add most noise first, quantizes anew and measures, until
 * the goal is reached or nothing is left to change. A change that did not help a layer is followed by keeping it in float.
 * @param quantized By whatever tool; it is not changed.
 */
export async function fixQuantization(
  source: Model,
  quantized: Model,
  options: FixOptions,
): Promise<FixResult> {
  const { goal, rounds: most = 12, signal, onRound } = options;
  const original = cloneModel(source);
  await prepareModel(original);
  let recipe = await recipeOfModel(original.graph, quantized);
  const before = await goal.measure(quantized);
  let [model, figure, report]: [Model, GoalFigure, QuantizationReport | undefined] = [
    quantized,
    before,
    undefined,
  ];
  const rounds: FixRound[] = [];
  const tried = new Set<string>();
  while (!figure.passed && rounds.length < most) {
    signal?.throwIfAborted();
    const known = rounds.length === 0 ? options.explained : undefined;
    const layers = known ?? (await explainLayers(source, model, options.samples(), options));
    const changes = chooseChanges(layers, tried);
    if (changes.length === 0) break;
    const next = { ...recipe, layers: [...recipe.layers, ...changes.flatMap(({ rules }) => rules)] };
    const made = await requantize(source, next, options);
    if (!made) break;
    recipe = next;
    ({ model, report } = made);
    figure = await goal.measure(model);
    const round = { changes: changes.map(({ rules: _, ...change }) => change), figure };
    rounds.push(round);
    onRound?.(round);
  }
  const warnings = warningsOf(figure);
  return { goal: goal.name, reached: figure.passed, before, rounds, warnings, model, report, recipe };
}

function warningsOf({ undecided }: GoalFigure): string[] {
  return undecided === undefined ? [] : [`whether the goal is reached is not certain: ${undecided}.`];
}

/** Undefined when the recipe leaves no layer to quantize. */
async function requantize(
  source: Model,
  recipe: Recipe,
  { calibration, createSession, signal }: FixOptions,
): Promise<Awaited<ReturnType<typeof quantizeModel>> | undefined> {
  const shared = { recipe, calibration: calibration(), createSession };
  try {
    return await quantizeModel(source, { ...shared, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (error instanceof QuantizerError && error.code === 'NOTHING_TO_QUANTIZE') return undefined;
    throw error;
  }
}

interface ChosenChange extends AppliedChange {
  readonly rules: readonly LayerRule[];
}

/** @param tried Changes made before, by layer; grows. */
function chooseChanges(layers: readonly LayerExplanation[], tried: Set<string>): ChosenChange[] {
  const power = ({ ownSqnr }: LayerExplanation): number => 10 ** (-ownSqnr / 10);
  const all = layers.reduce((sum, layer) => sum + power(layer), 0);
  const chosen: ChosenChange[] = [];
  let covered = 0;
  for (const layer of layers) {
    if (covered >= SHARE * all || !layer.own) break;
    covered += power(layer);
    const { cause, evidence, change, rules } = layer.own;
    const key = JSON.stringify([layer.output, rules]);
    const isNew = !tried.has(key);
    tried.add(key);
    chosen.push({
      node: layer.node,
      cause,
      evidence,
      ...(isNew ? { change, rules } : keepFloat([layer.output])),
    });
  }
  return chosen;
}
