import { Add, type Graph, MatMulNBits, type Model, type Node } from '@octavo/core/ir';
import { eliminateDeadNodes, raiseOpset } from '@octavo/passes';
import {
  bitsOf,
  makeBlockedDequantize,
  makePackedOperands,
  shareOperands,
  type WeightJob,
  type WeightMemory,
} from './block-operands.js';
import { type ComputeParts, isComputeOp, takeCompute } from './compute-ops.js';
import { LastComputed } from './deferred-storage.js';
import { dropUnused } from './insert-qdq.js';
import { QuantizerError } from './quantizer-error.js';
import type { Recipe } from './recipe.js';
import { replaceLayer } from './replace-layer.js';
import type { ReportBuilder } from './report.js';
import { runAll } from './run-passes.js';
import { excludedBecause } from './selection.js';

/** Weights smaller than this gain nothing from blocks. */
const SMALLEST_WEIGHT = 1024;

/**
 * Weight-only quantization of MatMul and Gemm: blocks along the reduced axis, as MatMulNBits or as a blocked
 * DequantizeLinear. Weights are quantized when the writer reads them, one layer at a time.
 * @throws QuantizerError `NOTHING_TO_QUANTIZE`; `WEIGHTS_NOT_FINITE` when the writer reads the weights.
 */
export async function quantizeWeightOnly(model: Model, recipe: Recipe, report: ReportBuilder): Promise<void> {
  const { graph } = model;
  if (recipe.weightOnlyFormat === 'qdq') await runAll(graph, [raiseOpset(21)], report);
  const memory: WeightMemory = { cache: new LastComputed(), operands: new Map() };
  let count = 0;
  for (const node of graph.sorted().filter(isComputeOp)) {
    const job = takeJob(graph, node, recipe, memory);
    const entry = { node: node.label, op: node.op.name };
    if (typeof job === 'string') {
      report.decisions.push({ ...entry, quantized: false, because: job });
      continue;
    }
    if (recipe.weightOnlyFormat === 'qdq') emitBlockedDequantize(job);
    else emitMatMulNBits(job);
    report.decisions.push({
      ...entry,
      quantized: true,
      because: `${recipe.weights} weights in blocks of ${recipe.blockSize}`,
    });
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

function takeJob(graph: Graph, node: Node, recipe: Recipe, memory: WeightMemory): WeightJob | string {
  const parts = excludedBecause(node, recipe) ?? takeCompute(graph, node);
  if (typeof parts === 'string') return parts;
  const shape = parts.weight.constant?.shape ?? [];
  const transposed = parts.channelAxis === 0;
  const [rows = 0, columns = 0] = transposed ? [...shape].reverse() : shape;
  if (shape.length !== 2)
    return `${node.op.name} weights of rank ${shape.length} stay float; weight-only covers matrices`;
  if (rows * columns < SMALLEST_WEIGHT) return `only ${rows * columns} weights`;
  return { graph, parts, recipe, memory, rows, columns, transposed };
}

function emitMatMulNBits(job: WeightJob): void {
  const { graph, parts, recipe, rows, columns } = job;
  const [B, scales, zero_points] = shareOperands(job, () => makePackedOperands(job));
  if (!B || !scales) throw new Error('packed weights have scales');
  graph.opsets.set('com.microsoft', 1);
  const product = graph.emit(
    MatMulNBits,
    { A: parts.data, B, scales, zero_points },
    { K: rows, N: columns, bits: bitsOf(recipe), block_size: recipe.blockSize, accuracy_level: 0 },
    { name: `${parts.node.name || parts.weight.name}_nbits` },
  );
  replaceLayer(graph, parts, addBias(graph, parts, product));
}

function emitBlockedDequantize(job: WeightJob): void {
  const { graph, parts } = job;
  const [dequantized] = shareOperands(job, () => [makeBlockedDequantize(job)]);
  parts.node.setInput(parts.weightIndex, dequantized);
  dropUnused(graph, parts.weight);
}

/** Adds the bias of a Gemm to its product. */
function addBias(graph: Graph, { node, bias }: ComputeParts, product: Node): Node {
  return bias && product.output
    ? graph.emit(Add, { A: product.output, B: bias }, {}, { name: `${node.name || bias.name}_bias` })
    : product;
}
