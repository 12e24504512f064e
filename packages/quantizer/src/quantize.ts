import { cloneModel, inferTypes, type Model, minimumIrVersion } from '@octavo/core/ir';
import { prepare } from '@octavo/passes';
import { reference } from '@octavo/reference';
import { evaluateOn } from '@octavo/runtime';
import { type CalibrationSample, calibrate, type SessionFactory } from './calibrate.js';
import { Calibration, type Watched } from './calibration.js';
import { convertToHalf } from './half/convert-half.js';
import { BFLOAT16, FLOAT16 } from './half/half-constants.js';
import { ACTIVATION_DTYPES, BLOCK_SIZES, bitsOf } from './precision.js';
import { quantizeDynamic } from './quantize-dynamic.js';
import { quantizeStatic } from './quantize-static.js';
import { quantizeWeightOnly } from './quantize-weight-only.js';
import { QuantizerError } from './quantizer-error.js';
import { type IoType, type Mode, RECIPE_DEFAULTS, type Recipe } from './recipe.js';
import { type QuantizationReport, ReportBuilder } from './report.js';
import { unmatchedPatterns } from './selection.js';
import { settleInnerGraphs } from './settle-inner-graphs.js';
import { makeNodeNamesUnique } from './unique-node-names.js';

export interface QuantizeOptions {
  readonly recipe?: Partial<Recipe>;
  /**
   * Static mode: samples to observe activations on, or what was observed before; fp16 and bf16: the same, to find
   * activations beyond the format. Weight-only: samples to round by.
   */
  readonly calibration?: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample> | Calibration;
  /** Makes the float session that calibration runs on. */
  readonly createSession?: SessionFactory;
  readonly signal?: AbortSignal;
  /** Called after each calibration sample with the number seen. */
  readonly onSample?: (seen: number) => void;
}

type Method = (
  model: Model,
  recipe: Recipe,
  options: QuantizeOptions,
  report: ReportBuilder,
) => Promise<void>;

const METHODS: Readonly<Record<Mode, Method>> = {
  static: runStatic,
  dynamic: (model, recipe, _, report) => quantizeDynamic(model, recipe, report),
  'weight-only': quantizeWeightOnly,
  fp16: (...job) => convertToHalf(...job, FLOAT16),
  bf16: (...job) => convertToHalf(...job, BFLOAT16),
};

/**
 * Quantizes a model by a recipe. The source is not changed.
 * @returns A model in standard ONNX form (Q/DQ pairs, integer ops, MatMulNBits, fp16 or bf16) and what was done.
 * @throws QuantizerError `RECIPE_*` for a recipe that contradicts itself, `CALIBRATION_*`, `NOTHING_TO_QUANTIZE`.
 */
export async function quantizeModel(
  source: Model,
  options: QuantizeOptions = {},
): Promise<{ model: Model; report: QuantizationReport }> {
  const recipe: Recipe = { ...RECIPE_DEFAULTS, ...options.recipe };
  checkRecipe(recipe);
  const report = new ReportBuilder();
  const model = cloneModel(source);
  await prepareModel(model, report);
  for (const glob of unmatchedPatterns(model.graph, recipe))
    report.warnings.push(`the pattern ${glob} matches no node.`);
  await METHODS[recipe.mode](model, recipe, options, report);
  model.irVersion = Math.max(model.irVersion, minimumIrVersion(model.graph.opset));
  makeNodeNamesUnique(model.graph);
  settleInnerGraphs(model.graph);
  model.producerName = 'octavo';
  model.producerVersion = '';
  return { model, report: report.build(recipe) };
}

/** Folds, fuses and types a model in place: what every method starts from. */
export async function prepareModel(model: Model, report: ReportBuilder = new ReportBuilder()): Promise<void> {
  using backend = reference();
  for (const record of await prepare(model, { evaluate: evaluateOn(backend) })) {
    for (const fired of record.fired) report.preparation.push(`${record.pass}: ${fired.place}`);
  }
  inferTypes(model.graph);
}

async function runStatic(
  model: Model,
  recipe: Recipe,
  options: QuantizeOptions,
  report: ReportBuilder,
): Promise<void> {
  await quantizeStatic(model, recipe, (watched) => calibrationOf(model, watched, options), report);
}

async function calibrationOf(
  model: Model,
  watched: Watched,
  { calibration, createSession, signal, onSample }: QuantizeOptions,
): Promise<Calibration> {
  if (calibration instanceof Calibration) return calibration;
  if (!calibration || !createSession) {
    throw new QuantizerError({
      code: 'CALIBRATION_MISSING',
      message: 'static quantization needs calibration data.',
      remedy: 'Give --calibration PATH, or use --mode dynamic.',
    });
  }
  const optional = { ...(signal ? { signal } : {}), ...(onSample ? { onSample } : {}) };
  return calibrate(model, watched, calibration, { createSession, ...optional });
}

type Fail = (code: string, message: string, remedy: string) => never;

const fail: Fail = (code, message, remedy) => {
  throw new QuantizerError({ code, message, remedy });
};

/** The types that a mode gives to the graph's own inputs and outputs, `float` aside. */
function ioTypesOf({ mode, activations }: Recipe): readonly IoType[] {
  if (mode === 'static') return [activations];
  return mode === 'fp16' ? ['float16'] : mode === 'bf16' ? ['bfloat16'] : [];
}

function checkIo(recipe: Recipe): void {
  const types = ioTypesOf(recipe);
  if (recipe.io === 'float' || types.includes(recipe.io)) return;
  const isActivation = ACTIVATION_DTYPES.some((dtype) => dtype === recipe.io);
  if (recipe.mode === 'static' && isActivation)
    fail(
      'RECIPE_IO',
      `inputs and outputs of ${recipe.io} need activations of ${recipe.io}, found ${recipe.activations}.`,
      `Use --activations ${recipe.io}.`,
    );
  fail(
    'RECIPE_IO',
    `mode ${recipe.mode} gives no inputs and outputs of ${recipe.io}.`,
    isActivation ? 'Use --mode static.' : `Use --mode ${recipe.io === 'float16' ? 'fp16' : 'bf16'}.`,
  );
}

/** Only products of 8-bit activations by int8 weights saturate in pairs: onnxruntime widens uint8 weights before it multiplies. */
function checkReducedRange({ mode, weights, activations, reduceRange }: Recipe): void {
  if (!reduceRange || (mode !== 'static' && mode !== 'dynamic')) return;
  if (weights !== 'int8')
    fail(
      'RECIPE_REDUCE_RANGE',
      `a reduced range is of int8 weights; products of ${weights} weights do not saturate.`,
      'Leave reduceRange out, or use --weights int8.',
    );
  if (mode === 'static' && bitsOf(activations) !== 8)
    fail(
      'RECIPE_REDUCE_RANGE',
      `a reduced range is for 8-bit activations; products of ${activations} ones are computed in float.`,
      'Leave reduceRange out, or use --activations uint8.',
    );
}

function checkRecipe(recipe: Recipe): void {
  if (!BLOCK_SIZES.some((size) => size === recipe.blockSize))
    fail(
      'RECIPE_BLOCK_SIZE',
      `weights in blocks of ${recipe.blockSize} are not supported.`,
      'Use 16, 32, 64, 128 or 256.',
    );
  checkIo(recipe);
  checkReducedRange(recipe);
  if (recipe.mode === 'dynamic' && bitsOf(recipe.weights) !== 8)
    fail(
      'RECIPE_WEIGHTS',
      `dynamic quantization has int8 or uint8 weights, found ${recipe.weights}.`,
      'Use --weights int8, or --mode weight-only.',
    );
}
