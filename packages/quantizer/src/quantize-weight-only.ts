import type { Graph, Model, Node } from '@octavo/core/ir';
import { eliminateDeadNodes } from '@octavo/passes';
import type { WeightJob } from './block-operands.js';
import { isComputeOp, takeCompute } from './compute-ops.js';
import { forEachGraph, type GraphJob } from './each-graph.js';
import { LayerPrecisions } from './layer-precisions.js';
import { nothingToQuantize } from './nothing-to-quantize.js';
import { describeWeights } from './precision.js';
import type { QuantizeOptions } from './quantize.js';
import { QuantizerError } from './quantizer-error.js';
import { raiseGraphs } from './raise-graphs.js';
import type { Recipe } from './recipe.js';
import type { ReportBuilder } from './report.js';
import { chooseRounding, type LayerRounding } from './round-layers.js';
import { runAll } from './run-passes.js';
import { quantizeStoredWeights, SMALLEST_WEIGHT, storedWeightsOpset } from './stored-weights.js';
import { WeightMemory } from './weight-memory.js';
import { quantizeWeightsOnly, weightOnlyOpset } from './weight-only-layer.js';

/** A layer that will read quantized weights. */
export type WeightPlan = Omit<WeightJob, 'round'>;

/**
 * Weight-only quantization: blocks along the reduced axis of MatMul and Gemm weights, as MatMulNBits or as a blocked
 * DequantizeLinear; other granularities of any weights as DequantizeLinear; LSTM, GRU and the rows of embeddings in int8.
 * The graphs of If, Loop and Scan nodes are quantized like the model's own. Without calibration samples, weights are
 * quantized when the writer reads them, one layer at a time.
 * @throws QuantizerError `NOTHING_TO_QUANTIZE`, `CALIBRATION_MISSING`, `CALIBRATION_NAN`;
 * `WEIGHTS_NOT_FINITE`, without samples when the writer reads the weights.
 */
export async function quantizeWeightOnly(
  model: Model,
  recipe: Recipe,
  options: QuantizeOptions,
  report: ReportBuilder,
): Promise<void> {
  const { graph } = model;
  await raiseGraphs(graph, recipe, requiredOpset, report);
  const own = { graph, recipe, memory: new WeightMemory(graph), isInside: false };
  const rounding = await chooseRounding(model, plansOf(own), recipe, options, report);
  const before = report.decisions.length;
  await forEachGraph(graph, recipe, (job, kept) => {
    report.keep(kept);
    return rewriteLayers(job, rounding, report);
  });
  if (!report.decisions.slice(before).some(({ quantized }) => quantized))
    throw nothingToQuantize(
      graph,
      'the model has no MatMul, Gemm, LSTM, GRU or Gather with large constant weights.',
      'Use --mode static, dynamic or fp16.',
    );
  await runAll(graph, [eliminateDeadNodes], report);
}

async function rewriteLayers(job: GraphJob, rounding: LayerRounding, report: ReportBuilder): Promise<void> {
  const { graph, recipe, memory } = job;
  const planLayer = layerPlanner(job);
  // Each layer is planned anew: rewriting those before it changed what it reads.
  for (const node of graph.sorted().filter(isComputeOp)) {
    const plan = planLayer(node);
    const entry = { node: node.label, op: node.op.name };
    if (typeof plan === 'string') {
      report.decisions.push({ ...entry, quantized: false, because: plan });
      continue;
    }
    const { name, round } = rounding(plan);
    quantizeWeightsOnly({ ...plan, round }, recipe.weightOnlyFormat);
    const how = name === 'nearest' ? '' : `, rounded by ${name}`;
    report.decisions.push({ ...entry, quantized: true, because: describeWeights(plan.precision) + how });
  }
  quantizeStoredWeights(graph, new LayerPrecisions(graph, recipe), memory, report);
}

function requiredOpset(job: GraphJob): number {
  const { graph, recipe } = job;
  const needed = plansOf(job).map(({ parts, precision }) =>
    weightOnlyOpset(parts, precision, recipe.weightOnlyFormat),
  );
  return Math.max(storedWeightsOpset(graph, new LayerPrecisions(graph, recipe)), ...needed);
}

/** What becomes of the weights of a node, or why they stay float. */
type PlanLayer = (node: Node) => WeightPlan | string;

function plansOf(job: GraphJob): readonly WeightPlan[] {
  const plans = job.graph.sorted().filter(isComputeOp).map(layerPlanner(job));
  return plans.filter((plan) => typeof plan !== 'string');
}

function layerPlanner({ graph, recipe, memory }: GraphJob): PlanLayer {
  const precisions = new LayerPrecisions(graph, recipe);
  return (node) => takePlan(graph, node, { precisions, memory });
}

function takePlan(
  graph: Graph,
  node: Node,
  { precisions, memory }: { readonly precisions: LayerPrecisions; readonly memory: WeightMemory },
): WeightPlan | string {
  const parts = precisions.floatBecause(node) ?? takeCompute(graph, node);
  if (typeof parts === 'string') return parts;
  const { weights: precision, activations } = precisions.of(node);
  if (precision === 'float') return 'float weights by a layer rule';
  if (activations !== 'float') refuseActivations(node);
  const shape = parts.weight.constant?.shape ?? [];
  const size = shape.reduce((product, each) => product * each, 1);
  if (precision.granularity === 'per-block' && shape.length !== 2)
    return `${node.op.name} weights of rank ${shape.length} stay float; blocks cover matrices`;
  if (size < SMALLEST_WEIGHT) return `only ${size} weights`;
  return { graph, parts, precision, memory };
}

function refuseActivations(node: Node): never {
  throw new QuantizerError({
    code: 'RECIPE_LAYERS',
    where: `node ${node.label}`,
    message: 'a layer rule gives it integer activations, which weight-only quantization has not.',
    remedy: 'Use mode static, with float activations for the other layers.',
  });
}
