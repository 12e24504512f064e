import { Add, DequantizeLinear, type Graph, MatMulNBits, type Model, type Node } from '@octavo/core/ir';
import { quantize, quantizedTypeOfWeights } from '@octavo/core/quant';
import { fromNumbers, type StoredTensor, type Tensor, TensorError } from '@octavo/core/tensor';
import { eliminateDeadNodes, raiseOpset } from '@octavo/passes';
import { type ComputeParts, isComputeOp, takeCompute } from './compute-ops.js';
import { deferredTensor, LastComputed } from './deferred-storage.js';
import { dropUnused } from './insert-qdq.js';
import { packNBits } from './pack-nbits.js';
import { QuantizerError } from './quantizer-error.js';
import type { Recipe } from './recipe.js';
import type { ReportBuilder } from './report.js';
import { runAll } from './run-passes.js';
import { excludedBecause } from './selection.js';

/** Weights smaller than this gain nothing from blocks. */
const SMALLEST_WEIGHT = 1024;

interface WeightJob {
  readonly graph: Graph;
  readonly parts: ComputeParts;
  readonly recipe: Recipe;
  readonly cache: LastComputed;
  /** K and N. */
  readonly rows: number;
  readonly columns: number;
  readonly transposed: boolean;
}

/**
 * Weight-only quantization of MatMul and Gemm: blocks along the reduced axis, as MatMulNBits or as a blocked
 * DequantizeLinear. Weights are quantized when the writer reads them, one layer at a time.
 * @throws QuantizerError `NOTHING_TO_QUANTIZE`, `RECIPE_BLOCK_SIZE`.
 */
export async function quantizeWeightOnly(model: Model, recipe: Recipe, report: ReportBuilder): Promise<void> {
  const { graph } = model;
  if (recipe.weightOnlyFormat === 'qdq') await runAll(graph, [raiseOpset(21)], report);
  const cache = new LastComputed();
  let count = 0;
  for (const node of graph.sorted().filter(isComputeOp)) {
    const job = takeJob(graph, node, recipe, cache);
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

function takeJob(graph: Graph, node: Node, recipe: Recipe, cache: LastComputed): WeightJob | string {
  const parts = excludedBecause(node, recipe) ?? takeCompute(graph, node);
  if (typeof parts === 'string') return parts;
  const shape = parts.weight.constant?.shape ?? [];
  const transposed = parts.channelAxis === 0;
  const [rows = 0, columns = 0] = transposed ? [...shape].reverse() : shape;
  if (shape.length !== 2)
    return `${node.op.name} weights of rank ${shape.length} stay float; weight-only covers matrices`;
  if (rows * columns < SMALLEST_WEIGHT) return `only ${rows * columns} weights`;
  return { graph, parts, recipe, cache, rows, columns, transposed };
}

function emitMatMulNBits(job: WeightJob): void {
  const { graph, parts, recipe, rows, columns } = job;
  const bits = recipe.weights.endsWith('8') ? 8 : 4;
  const symmetric = !recipe.weights.startsWith('u');
  const { blockSize } = recipe;
  const blocks = Math.ceil(rows / blockSize);
  const source = parts.weight.constant;
  const compute = async (): Promise<Record<string, Uint8Array>> => {
    const { packed, scales, zeroPoints } = packNBits(rowMajor(await load(source), job), {
      rows,
      columns,
      bits,
      blockSize,
      symmetric,
    });
    return { packed, scales: new Uint8Array(scales.buffer), ...(zeroPoints ? { zeroPoints } : {}) };
  };
  const stored = (dtype: 'uint8' | 'float32', shape: number[], name: string): StoredTensor =>
    deferredTensor(dtype, shape, job.cache, compute, name);
  const base = parts.weight.name;
  const B = graph.addInitializer(
    `${base}_packed`,
    stored('uint8', [columns, blocks, (blockSize * bits) / 8], 'packed'),
  );
  const scales = graph.addInitializer(`${base}_scales`, stored('float32', [columns * blocks], 'scales'));
  const zeroPoints = symmetric
    ? undefined
    : graph.addInitializer(
        `${base}_zero_points`,
        stored('uint8', [columns * Math.ceil((blocks * bits) / 8)], 'zeroPoints'),
      );
  graph.opsets.set('com.microsoft', 1);
  const product = graph.emit(
    MatMulNBits,
    { A: parts.data, B, scales, zero_points: zeroPoints },
    { K: rows, N: columns, bits, block_size: blockSize, accuracy_level: 0 },
    { name: `${parts.node.name || base}_nbits` },
  );
  replaceNode(graph, parts, product);
}

function emitBlockedDequantize(job: WeightJob): void {
  const { graph, parts, recipe, cache } = job;
  const source = parts.weight.constant;
  const shape = source?.shape ?? [];
  const axis = job.transposed ? 1 : 0;
  const symmetric = !recipe.weights.startsWith('u');
  const blockShape = shape.map((size, i) => (i === axis ? Math.ceil(size / recipe.blockSize) : size));
  const compute = async (): Promise<Record<string, Uint8Array>> => {
    const weights = await load(source);
    const type = quantizedTypeOfWeights(weights.data, shape, {
      storage: recipe.weights,
      symmetric,
      granularity: { kind: 'per-block', axis, blockSize: recipe.blockSize },
    });
    const zeroPoints = fromNumbers(recipe.weights, blockShape, type.zeroPoints);
    return {
      weights: quantize(weights, type).bytes,
      scales: new Uint8Array(type.scales.buffer),
      zeroPoints: zeroPoints.bytes,
    };
  };
  const base = parts.weight.name;
  const x = graph.addInitializer(
    `${base}_quantized`,
    deferredTensor(recipe.weights, shape, cache, compute, 'weights'),
  );
  const x_scale = graph.addInitializer(
    `${base}_scale`,
    deferredTensor('float32', blockShape, cache, compute, 'scales'),
  );
  const x_zero_point = symmetric
    ? undefined
    : graph.addInitializer(
        `${base}_zero_point`,
        deferredTensor(recipe.weights, blockShape, cache, compute, 'zeroPoints'),
      );
  const dequantized = graph.emit(
    DequantizeLinear,
    { x, x_scale, x_zero_point },
    { axis, block_size: recipe.blockSize },
    { name: `${base}_DequantizeLinear`, outputNames: [`${base}_dequantized`] },
  );
  parts.node.setInput(parts.weightIndex, dequantized.output);
  dropUnused(graph, parts.weight);
}

/** Puts a product (and the bias of a Gemm) in the place of a node, keeping the output's name. */
function replaceNode(graph: Graph, parts: ComputeParts, product: Node): void {
  const { node, bias } = parts;
  const last =
    bias && product.output
      ? graph.emit(Add, { A: product.output, B: bias }, {}, { name: `${node.name || bias.name}_bias` })
      : product;
  const { output: from } = node;
  const { output: to } = last;
  if (!from || !to) return;
  const { name, type } = from;
  graph.replaceAllUses(from, to);
  graph.removeNode(node);
  graph.rename(to, name);
  to.type = type;
  dropUnused(graph, parts.weight);
}

async function load(source: StoredTensor | undefined): Promise<Tensor<'float32'>> {
  const tensor = await source?.load();
  if (tensor?.is('float32')) return tensor;
  throw new TensorError({
    code: 'TENSOR_DTYPE',
    message: `weights are ${tensor?.dtype ?? 'missing'}, not float32.`,
  });
}

/** The weights as [K, N]. */
function rowMajor(weights: Tensor<'float32'>, { rows, columns, transposed }: WeightJob): Float32Array {
  if (!transposed) return weights.data;
  const result = new Float32Array(rows * columns);
  for (let n = 0; n < columns; n++) {
    for (let k = 0; k < rows; k++) result[k * columns + n] = weights.data[n * rows + k] ?? 0;
  }
  return result;
}
