import { type Graph, inferTypes, type Model, type Node } from '@octavo/core/ir';
import { type ObserverName, qparamsOfRange } from '@octavo/core/quant';
import { eliminateDeadNodes, raiseOpset } from '@octavo/passes';
import { allNodes } from './all-nodes.js';
import { atNode } from './at-node.js';
import type { Calibration, Watched } from './calibration.js';
import { type ComputeParts, isComputeOp, takeCompute } from './compute-ops.js';
import type { FloatResult } from './conv-results.js';
import { quantizeGraphIo } from './graph-io.js';
import { type DequantizedWeights, quantizeActivation, quantizeConstants } from './insert-qdq.js';
import { keepBiasesApart } from './keep-bias-apart.js';
import { defaultPrecision, LayerPrecisions } from './layer-precisions.js';
import { nothingToQuantize } from './nothing-to-quantize.js';
import type { PlannedActivation } from './plan-activations.js';
import { isWeightOnly, planStatic, type StaticPlan } from './plan-static.js';
import { describeWeights, opsetOf, wholeRange } from './precision.js';
import { type QuantizedLayer, quantizeLayer } from './quantize-layer.js';
import type { Recipe } from './recipe.js';
import type { ActivationRange, ReportBuilder } from './report.js';
import { runAll } from './run-passes.js';
import { WeightMemory } from './weight-memory.js';
import { quantizeWeightsOnly, weightOnlyOpset } from './weight-only-layer.js';
import { writeQoperator } from './write-qoperator.js';

/** Finds what is to be known of the values watched. */
export type Calibrator = (watched: Watched) => Promise<Calibration>;

/** A prepared model with what static quantization will do to it. */
interface StaticStart {
  readonly precisions: LayerPrecisions;
  readonly plan: StaticPlan;
  /** The graph's own inputs and outputs that become integers. */
  readonly ends: readonly Watchable[];
}

async function startStatic(model: Model, recipe: Recipe, report: ReportBuilder): Promise<StaticStart> {
  const { graph } = model;
  // Raising replaces nodes, so it comes before a plan that names them.
  await runAll(graph, [raiseOpset(requiredOpset(graph, recipe))], report);
  inferTypes(graph);
  const precisions = new LayerPrecisions(graph, recipe);
  const plan = planStatic(graph, precisions);
  refuseEmpty(graph, plan);
  return { precisions, plan, ends: recipe.io === 'float' ? [] : planEnds(graph, recipe) };
}

/**
 * The values of a prepared model whose ranges static quantization by a recipe reads; its opset is raised as that needs.
 * @throws QuantizerError `NOTHING_TO_QUANTIZE`.
 */
export async function valuesToWatch(model: Model, recipe: Recipe, report: ReportBuilder): Promise<Watched> {
  const { plan, ends } = await startStatic(model, recipe, report);
  return watched([...plan.activations, ...ends]);
}

/**
 * Static quantization: rewrites the graph of a prepared float model with Q/DQ pairs in calibrated ranges.
 * @throws QuantizerError as {@link calibrate}, `CALIBRATION_UNSEEN`, `WEIGHTS_NOT_FINITE`, and `NOTHING_TO_QUANTIZE`
 *   when no node can be computed in integers.
 */
export async function quantizeStatic(
  model: Model,
  recipe: Recipe,
  calibrator: Calibrator,
  report: ReportBuilder,
): Promise<void> {
  const { graph } = model;
  const { precisions, plan: first, ends } = await startStatic(model, recipe, report);
  const calibration = await calibrator(watched([...first.activations, ...ends]));
  report.samples = calibration.samples;
  const weightOnly = findNoisy(first, calibration, recipe);
  const floatResult = wideResults(calibration, recipe);
  const quiet = planStatic(graph, precisions, { weightOnly, floatResult });
  const layers = await quantizeLayers(quiet, precisions, calibration);
  const float = new Map<Node, string>();
  for (const [node, layer] of layers) if (typeof layer === 'string') float.set(node, layer);
  const plan = float.size > 0 ? planStatic(graph, precisions, { weightOnly, floatResult, float }) : quiet;
  refuseEmpty(graph, plan);
  warnOfInnerGraphs(graph, report);
  report.decisions.push(...plan.decisions);
  const ranges = plan.activations.map((planned) => rangeOf(planned, calibration));
  const endRanges = ends.map((planned) => rangeOf(planned, calibration));
  const inside = new Set(ranges.map(({ value }) => value));
  report.activations.push(...ranges, ...endRanges.filter(({ value }) => !inside.has(value)));
  rewriteLayers(graph, { plan, layers, precisions, weightOnly }, recipe, report);
  await keepBiasesApart(graph, plan.compute.keys());
  plan.activations.forEach(({ value, precision, readers }, i) => {
    const params = ranges[i];
    if (params) quantizeActivation(graph, value, precision.dtype, params, readers);
  });
  if (recipe.io !== 'float')
    quantizeGraphIo(graph, recipe.activations, new Map(endRanges.map((each) => [each.value, each])));
  if (recipe.format === 'qoperator') await writeQoperator(graph, report);
  await runAll(graph, [eliminateDeadNodes], report);
}

function refuseEmpty(graph: Graph, { compute, weightOnly, decisions }: StaticPlan): void {
  if (compute.size + weightOnly.size > 0) return;
  const [example] = decisions;
  throw nothingToQuantize(
    graph,
    `no node can be computed in integers${example ? `: ${example.node} ${example.because}` : ''}.`,
    'Check --include and --exclude, or use --mode weight-only or fp16.',
  );
}

/** Calibration sees the values of the model's own graph. */
function warnOfInnerGraphs(graph: Graph, report: ReportBuilder): void {
  for (const node of graph.nestingNodes) {
    const layers = node.subgraphs.flatMap((inner) => allNodes(inner.graph)).filter(isComputeOp);
    if (layers.length > 0)
      report.warnings.push(
        `the graphs inside ${node.label} (${node.op.name}) stay float (layers: ${layers.length}): calibration observes no values there. Use --mode dynamic, weight-only or fp16.`,
      );
  }
}

type Watchable = Pick<PlannedActivation, 'value' | 'source' | 'precision'>;

/** The graph's own float inputs and outputs, to become integers. */
function planEnds(graph: Graph, recipe: Recipe): Watchable[] {
  const precision = defaultPrecision(recipe).activations;
  const ends = new Set([...graph.inputs, ...graph.outputs]);
  return [...ends]
    .filter((value) => value.dtype === 'float32' && !value.constant)
    .flatMap((value) => (precision === 'float' ? [] : [{ value, source: value, precision }]));
}

/** Histograms of all: they hold the extremes, and tell how well eight bits would do. */
function watched(activations: readonly Watchable[]): Watched {
  const names = new Map<string, Set<ObserverName>>();
  for (const { source, precision } of activations) {
    const observers = names.get(source.name) ?? new Set<ObserverName>(['mse']);
    if (precision.observer === 'moving-average') observers.add(precision.observer);
    names.set(source.name, observers);
  }
  return names;
}

function rangeOf({ value, source, precision }: Watchable, calibration: Calibration): ActivationRange {
  const range = calibration.range(source.name, precision);
  return { value: value.name, ...range, ...qparamsOfRange(range, precision.dtype, precision.symmetric) };
}

/** The least opset whose Q/DQ nodes hold what any layer asks for. */
function requiredOpset(graph: Graph, recipe: Recipe): number {
  const precisions = new LayerPrecisions(graph, recipe);
  const needed = graph.nodes.filter(isComputeOp).flatMap((node) => {
    const parts = precisions.floatBecause(node) ?? takeCompute(graph, node);
    const { weights, activations } = precisions.of(node);
    if (typeof parts === 'string' || weights === 'float') return [];
    return isWeightOnly({ weights, activations })
      ? [weightOnlyOpset(parts, weights, recipe.weightOnlyFormat)]
      : [opsetOf(weights), activations === 'float' ? 13 : opsetOf(activations)];
  });
  return Math.max(13, ...needed);
}

/** Each layer's constants in integers, or why it must stay float. */
async function quantizeLayers(
  plan: StaticPlan,
  precisions: LayerPrecisions,
  calibration: Calibration,
): Promise<ReadonlyMap<Node, QuantizedLayer | string>> {
  const layers = new Map<Node, QuantizedLayer | string>();
  for (const [node, parts] of plan.compute) {
    const { weights, activations } = precisions.of(node);
    const planned = readBy(plan, node, parts);
    if (!planned || weights === 'float' || activations === 'float') continue;
    const { scale } = rangeOf(planned, calibration);
    layers.set(node, await atNode(node, () => quantizeLayer(parts, scale, { weights, activations })));
  }
  return layers;
}

/** Layers that read a value too wide for its integers. */
function findNoisy(plan: StaticPlan, calibration: Calibration, { leastSqnr }: Recipe): Map<Node, string> {
  const noisy = new Map<Node, string>();
  for (const [node, parts] of plan.compute) {
    const planned = readBy(plan, node, parts);
    const sqnr = planned && calibration.sqnr(planned.source.name, planned.precision);
    if (sqnr !== undefined && sqnr < leastSqnr)
      noisy.set(node, `its input would have ${sqnr.toFixed(1)} dB in ${planned?.precision.dtype}`);
  }
  return noisy;
}

/** In dB, one bit: only the speed of one node hangs on a result that float nodes read. */
const RESULT_MARGIN = 6;

/** Results too wide for their integers, or that a calibration of old did not watch. */
function wideResults(calibration: Calibration, { leastSqnr }: Recipe): FloatResult {
  const least = leastSqnr > 0 ? leastSqnr + RESULT_MARGIN : 0;
  return ({ name }, precision) => {
    if (!calibration.holds(name, precision)) return 'its result is not in the calibration';
    const sqnr = calibration.sqnr(name, precision);
    return sqnr !== undefined && sqnr < least
      ? `its result would have ${sqnr.toFixed(1)} dB in ${precision.dtype}`
      : undefined;
  };
}

/** The quantized form in which a layer reads its data. */
function readBy(plan: StaticPlan, node: Node, { data }: ComputeParts): PlannedActivation | undefined {
  return plan.activations.find(
    ({ value, readers }) => value === data && (readers === 'all' || readers.has(node)),
  );
}

function storageOnly(nodes: readonly Node[]): string {
  const labels = nodes.map(({ label }) => label).join(', ');
  return `onnxruntime dequantizes the weights of these nodes and computes in float: ${labels}.`;
}

interface StaticRewrite {
  readonly plan: StaticPlan;
  readonly layers: ReadonlyMap<Node, QuantizedLayer | string>;
  readonly precisions: LayerPrecisions;
  readonly weightOnly: ReadonlyMap<Node, string>;
}

function rewriteLayers(
  graph: Graph,
  { plan, layers, precisions, weightOnly }: StaticRewrite,
  recipe: Recipe,
  report: ReportBuilder,
): void {
  const known: DequantizedWeights = new Map();
  const memory = new WeightMemory(graph);
  const done = (node: Node, because: string): void => {
    report.decisions.push({ node: node.label, op: node.op.name, quantized: true, because });
  };
  for (const [node, parts] of plan.compute) {
    const layer = layers.get(node);
    const { weights } = precisions.of(node);
    if (layer === undefined || typeof layer === 'string' || weights === 'float') continue;
    quantizeConstants(graph, parts, layer, known);
    const raised = layer.raised > 0 ? `, ${layer.raised} weight scales raised for the bias` : '';
    const float = plan.inFloat.get(node);
    done(node, `${describeWeights(weights)}${raised}${float ? `; float in onnxruntime: ${float}` : ''}`);
  }
  if (plan.inFloat.size > 0) report.warnings.push(storageOnly([...plan.inFloat.keys()]));
  for (const [node, parts] of plan.weightOnly) {
    const { weights } = precisions.of(node);
    if (weights === 'float') continue;
    const precision = wholeRange(weights);
    quantizeWeightsOnly({ graph, parts, precision, memory }, recipe.weightOnlyFormat);
    const reason = weightOnly.get(node);
    done(node, `${describeWeights(precision)}, float activations${reason ? `: ${reason}` : ''}`);
  }
}
