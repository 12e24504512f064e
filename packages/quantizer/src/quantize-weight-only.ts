import type { Graph, Model, Node } from '@octavo/core/ir';
import { eliminateDeadNodes, raiseOpset } from '@octavo/passes';
import { newWeightMemory, type WeightJob, type WeightMemory } from './block-operands.js';
import { isComputeOp, takeCompute } from './compute-ops.js';
import { LayerPrecisions } from './layer-precisions.js';
import { describeWeights } from './precision.js';
import { QuantizerError } from './quantizer-error.js';
import type { Recipe } from './recipe.js';
import type { ReportBuilder } from './report.js';
import { runAll } from './run-passes.js';
import { quantizeWeightsOnly, weightOnlyOpset } from './weight-only-layer.js';

/** Weights smaller than this gain nothing from blocks. */
const SMALLEST_WEIGHT = 1024;

/**
 * Weight-only quantization: blocks along the reduced axis of MatMul and Gemm weights, as MatMulNBits or as a blocked
 * DequantizeLinear; other granularities of any weights as DequantizeLinear. Weights are quantized when the writer reads
 * them, one layer at a time.
 * @throws QuantizerError `NOTHING_TO_QUANTIZE`; `WEIGHTS_NOT_FINITE` when the writer reads the weights.
 */
export async function quantizeWeightOnly(model: Model, recipe: Recipe, report: ReportBuilder): Promise<void> {
  const { graph } = model;
  const { weightOnlyFormat: format } = recipe;
  await runAll(graph, [raiseOpset(requiredOpset(graph, recipe))], report);
  const precisions = new LayerPrecisions(graph, recipe);
  const memory = newWeightMemory();
  let count = 0;
  for (const node of graph.sorted().filter(isComputeOp)) {
    const job = takeJob(graph, node, precisions, memory);
    const entry = { node: node.label, op: node.op.name };
    if (typeof job === 'string') {
      report.decisions.push({ ...entry, quantized: false, because: job });
      continue;
    }
    quantizeWeightsOnly(job, format);
    report.decisions.push({ ...entry, quantized: true, because: describeWeights(job.precision) });
    count++;
  }
  if (count === 0) {
    throw new QuantizerError({
      code: 'NOTHING_TO_QUANTIZE',
      message: 'the model has no MatMul or Gemm with large constant weights.',
      remedy: 'Use --mode static, dynamic or fp16.',
    });
  }
  await runAll(graph, [eliminateDeadNodes], report);
}

function requiredOpset(graph: Graph, recipe: Recipe): number {
  const precisions = new LayerPrecisions(graph, recipe);
  const memory = newWeightMemory();
  const needed = graph.nodes.filter(isComputeOp).map((node) => {
    const job = takeJob(graph, node, precisions, memory);
    return typeof job === 'string' ? 1 : weightOnlyOpset(job.parts, job.precision, recipe.weightOnlyFormat);
  });
  return Math.max(1, ...needed);
}

function takeJob(
  graph: Graph,
  node: Node,
  precisions: LayerPrecisions,
  memory: WeightMemory,
): WeightJob | string {
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
