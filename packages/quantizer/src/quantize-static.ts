import type { Graph, Model, Node, Value } from '@octavo/core/ir';
import { type Qparams, qparamsOfRange, type RealRange } from '@octavo/core/quant';
import { eliminateDeadNodes, raiseOpset } from '@octavo/passes';
import { type CalibrationSample, calibrate, type SessionFactory } from './calibrate.js';
import { quantizeGraphIo } from './graph-io.js';
import { quantizeActivation, quantizeConstants } from './insert-qdq.js';
import { planStatic, resultOf, type StaticPlan } from './plan-static.js';
import { quantizeLayer } from './quantize-layer.js';
import { QuantizerError } from './quantizer-error.js';
import type { Recipe } from './recipe.js';
import type { ReportBuilder } from './report.js';
import { runAll } from './run-passes.js';

export interface StaticOptions {
  readonly samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>;
  readonly createSession: SessionFactory;
  readonly signal?: AbortSignal;
  readonly onSample?: (seen: number) => void;
}

/**
 * Static quantization: calibrates the activations of a prepared float model and rewrites its graph with Q/DQ pairs.
 * @throws QuantizerError as {@link calibrate}, and `NOTHING_TO_QUANTIZE` when no node can be computed in integers.
 */
export async function quantizeStatic(
  model: Model,
  recipe: Recipe,
  options: StaticOptions,
  report: ReportBuilder,
): Promise<void> {
  const { graph } = model;
  const plan = planStatic(graph, recipe);
  report.decisions.push(...plan.decisions);
  if (plan.compute.size === 0) {
    throw new QuantizerError({
      code: 'NOTHING_TO_QUANTIZE',
      message: `no node can be computed in integers${plan.decisions.length > 0 ? `: ${plan.decisions[0]?.node} ${plan.decisions[0]?.because}` : ''}.`,
      remedy: 'Check --include and --exclude, or use --mode weight-only or fp16.',
    });
  }
  const ends =
    recipe.io === 'float'
      ? []
      : [...graph.inputs, ...graph.outputs].filter((value) => value.dtype === 'float32');
  const observed = new Set([...plan.activations.values(), ...ends].map((value) => value.name));
  const { samples, createSession, ...rest } = options;
  const calibration = await calibrate(model, [...observed], samples, {
    ...rest,
    observer: recipe.observer,
    createSession,
  });
  report.samples = calibration.samples;
  await runAll(graph, [raiseOpset(requiredOpset(recipe))], report);
  const paramsOf = (value: Value): Qparams => activationParams(value, calibration.ranges, recipe);
  const endParams = new Map(ends.map((value) => [value.name, paramsOf(value)]));
  const params = new Map([...plan.activations].map(([value, source]) => [value, paramsOf(source)]));
  await quantizeLayers(graph, plan, params, recipe, report);
  quantizeActivations(graph, plan, params, calibration.ranges, recipe, report);
  if (recipe.io !== 'float') quantizeGraphIo(graph, recipe.io, endParams);
  await runAll(graph, [eliminateDeadNodes], report);
}

function requiredOpset(recipe: Recipe): number {
  return recipe.weights === 'int4' || recipe.weights === 'uint4' ? 21 : 13;
}

function activationParams(value: Value, ranges: ReadonlyMap<string, RealRange>, recipe: Recipe): Qparams {
  const range = ranges.get(value.name);
  if (!range)
    throw new QuantizerError({
      code: 'CALIBRATION_UNSEEN',
      where: `tensor ${value.name}`,
      message: 'it has no calibrated range.',
    });
  return qparamsOfRange(range, recipe.activations, false);
}

async function quantizeLayers(
  graph: Graph,
  plan: StaticPlan,
  params: ReadonlyMap<Value, Qparams>,
  recipe: Recipe,
  report: ReportBuilder,
): Promise<void> {
  for (const [node, parts] of plan.compute) {
    const inputScale = params.get(parts.data)?.scale ?? 1;
    const layer = await quantizeLayer(parts, inputScale, recipe);
    const entry = { node: node.label, op: node.op.name };
    if (typeof layer === 'string') {
      report.decisions.push({ ...entry, quantized: false, because: layer });
      continue;
    }
    quantizeConstants(graph, parts, layer);
    const raised = layer.raised > 0 ? `, ${layer.raised} weight scales raised for the bias` : '';
    report.decisions.push({
      ...entry,
      quantized: true,
      because: `${recipe.weights} ${recipe.perChannel ? 'per-channel' : 'per-tensor'} weights${raised}`,
    });
  }
}

function quantizeActivations(
  graph: Graph,
  plan: StaticPlan,
  params: ReadonlyMap<Value, Qparams>,
  ranges: ReadonlyMap<string, RealRange>,
  recipe: Recipe,
  report: ReportBuilder,
): void {
  const integer = new Set<Node>([...plan.compute.keys(), ...plan.bridges]);
  const produced = new Set([...integer].map(resultOf));
  for (const [value, source] of plan.activations) {
    const qparams = params.get(value);
    const range = ranges.get(source.name);
    if (!qparams || !range) continue;
    const name = value.name;
    quantizeActivation(graph, value, recipe.activations, qparams, produced.has(value) ? 'all' : integer);
    report.activations.push({ value: name, min: range.min, max: range.max, ...qparams });
  }
}
