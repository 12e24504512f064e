import { type Graph, inferTypes, type Model, type Node, type Value } from '@octavo/core/ir';
import { type ObserverOptions, type Qparams, qparamsOfRange, type RealRange } from '@octavo/core/quant';
import { eliminateDeadNodes, raiseOpset } from '@octavo/passes';
import { atNode } from './at-node.js';
import { type CalibrationSample, calibrate, type SessionFactory } from './calibrate.js';
import { quantizeGraphIo } from './graph-io.js';
import { type DequantizedWeights, quantizeActivation, quantizeConstants } from './insert-qdq.js';
import { planStatic, resultOf, type StaticPlan } from './plan-static.js';
import { type QuantizedLayer, quantizeLayer } from './quantize-layer.js';
import { QuantizerError } from './quantizer-error.js';
import type { Recipe } from './recipe.js';
import type { ActivationRange, ReportBuilder } from './report.js';
import { runAll } from './run-passes.js';

export interface StaticOptions {
  readonly samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>;
  readonly createSession: SessionFactory;
  readonly signal?: AbortSignal;
  readonly onSample?: (seen: number) => void;
}

/** How activations are quantized: what observers fit their ranges to. */
const ACTIVATIONS: Required<Pick<ObserverOptions, 'bits' | 'symmetric'>> = { bits: 8, symmetric: false };

/**
 * Static quantization: calibrates the activations of a prepared float model and rewrites its graph with Q/DQ pairs.
 * @throws QuantizerError as {@link calibrate}, `WEIGHTS_NOT_FINITE`, and `NOTHING_TO_QUANTIZE` when no node can be
 *   computed in integers.
 */
export async function quantizeStatic(
  model: Model,
  recipe: Recipe,
  options: StaticOptions,
  report: ReportBuilder,
): Promise<void> {
  const { graph } = model;
  // Raising replaces nodes, so it comes before a plan that names them.
  await runAll(graph, [raiseOpset(requiredOpset(recipe))], report);
  inferTypes(graph);
  const first = planStatic(graph, recipe);
  refuseEmpty(first);
  const ends = recipe.io === 'float' ? [] : floatEnds(graph);
  const ranges = await observeRanges(model, first, ends, recipe, options, report);
  const layers = await quantizeLayers(first, ranges, recipe);
  const declined = new Map<Node, string>();
  for (const [node, layer] of layers) if (typeof layer === 'string') declined.set(node, layer);
  const plan = declined.size > 0 ? planStatic(graph, recipe, declined) : first;
  refuseEmpty(plan);
  report.decisions.push(...plan.decisions);
  const endParams = new Map(ends.map((value) => [value.name, activationParams(value, ranges, recipe)]));
  const reported = [...plan.activations.keys(), ...ends.filter((value) => !plan.activations.has(value))];
  report.activations.push(...reported.map((value) => activationRange(value, ranges, recipe)));
  rewriteLayers(graph, plan, layers, recipe, report);
  quantizeActivations(graph, plan, ranges, recipe);
  if (recipe.io !== 'float') quantizeGraphIo(graph, recipe.io, endParams);
  await runAll(graph, [eliminateDeadNodes], report);
}

function refuseEmpty({ compute, decisions }: StaticPlan): void {
  if (compute.size > 0) return;
  const [example] = decisions;
  throw new QuantizerError({
    code: 'NOTHING_TO_QUANTIZE',
    message: `no node can be computed in integers${example ? `: ${example.node} ${example.because}` : ''}.`,
    remedy: 'Check --include and --exclude, or use --mode weight-only or fp16.',
  });
}

/** The graph's own inputs and outputs that can become integers. */
function floatEnds(graph: Graph): Value[] {
  const ends = new Set([...graph.inputs, ...graph.outputs]);
  return [...ends].filter((value) => value.dtype === 'float32' && !value.constant);
}

/** Calibrated ranges of the activations planned, and of the graph's ends where asked. */
async function observeRanges(
  model: Model,
  plan: StaticPlan,
  ends: readonly Value[],
  recipe: Recipe,
  { samples, ...options }: StaticOptions,
  report: ReportBuilder,
): Promise<ReadonlyMap<Value, RealRange>> {
  const sources = new Map([...ends.map((value) => [value, value] as const), ...plan.activations]);
  const observed = new Set([...sources.values()].map((value) => value.name));
  const calibration = await calibrate(model, [...observed], samples, {
    ...options,
    ...ACTIVATIONS,
    observer: recipe.observer,
  });
  report.samples = calibration.samples;
  const rangeOf = (name: string): RealRange => calibration.ranges.get(name) ?? { min: 0, max: 0 };
  return new Map([...sources].map(([value, source]) => [value, rangeOf(source.name)]));
}

function requiredOpset(recipe: Recipe): number {
  return recipe.weights === 'int4' || recipe.weights === 'uint4' ? 21 : 13;
}

function activationParams(value: Value, ranges: ReadonlyMap<Value, RealRange>, recipe: Recipe): Qparams {
  const range = ranges.get(value);
  if (range) return qparamsOfRange(range, recipe.activations, ACTIVATIONS.symmetric);
  throw new QuantizerError({
    code: 'CALIBRATION_UNSEEN',
    where: `tensor ${value.name}`,
    message: 'it has no calibrated range.',
  });
}

/** Each layer's constants in integers, or why it must stay float. */
async function quantizeLayers(
  plan: StaticPlan,
  ranges: ReadonlyMap<Value, RealRange>,
  recipe: Recipe,
): Promise<ReadonlyMap<Node, QuantizedLayer | string>> {
  const layers = new Map<Node, QuantizedLayer | string>();
  for (const [node, parts] of plan.compute) {
    const { scale } = activationParams(parts.data, ranges, recipe);
    layers.set(node, await atNode(node, () => quantizeLayer(parts, scale, recipe)));
  }
  return layers;
}

function rewriteLayers(
  graph: Graph,
  plan: StaticPlan,
  layers: ReadonlyMap<Node, QuantizedLayer | string>,
  recipe: Recipe,
  report: ReportBuilder,
): void {
  const known: DequantizedWeights = new Map();
  for (const [node, parts] of plan.compute) {
    const layer = layers.get(node);
    if (layer === undefined || typeof layer === 'string') continue;
    quantizeConstants(graph, parts, layer, known);
    const raised = layer.raised > 0 ? `, ${layer.raised} weight scales raised for the bias` : '';
    report.decisions.push({
      node: node.label,
      op: node.op.name,
      quantized: true,
      because: `${recipe.weights} ${recipe.perChannel ? 'per-channel' : 'per-tensor'} weights${raised}`,
    });
  }
}

function quantizeActivations(
  graph: Graph,
  plan: StaticPlan,
  ranges: ReadonlyMap<Value, RealRange>,
  recipe: Recipe,
): void {
  const integer = new Set<Node>([...plan.compute.keys(), ...plan.bridges]);
  const produced = new Set([...integer].map((node) => resultOf(graph, node)));
  for (const value of plan.activations.keys()) {
    const readers = produced.has(value) ? 'all' : integer;
    quantizeActivation(graph, value, recipe.activations, activationParams(value, ranges, recipe), readers);
  }
}

function activationRange(
  value: Value,
  ranges: ReadonlyMap<Value, RealRange>,
  recipe: Recipe,
): ActivationRange {
  const { min, max } = ranges.get(value) ?? { min: 0, max: 0 };
  return { value: value.name, min, max, ...activationParams(value, ranges, recipe) };
}
