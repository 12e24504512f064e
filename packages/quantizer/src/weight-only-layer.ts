import { Add, type Graph, MatMulNBits, type Node } from '@octavo/core/ir';
import {
  makeDequantize,
  makePackedOperands,
  matrixOf,
  shareOperands,
  type WeightJob,
} from './block-operands.js';
import type { ComputeParts } from './compute-ops.js';
import { dropUnused } from './insert-qdq.js';
import { NBITS_STORAGE, type NBits } from './pack-nbits.js';
import { bitsOf, opsetOf, type WeightPrecision } from './precision.js';
import type { WeightOnlyFormat } from './recipe.js';
import { replaceLayer } from './replace-layer.js';
import type { BlockFormat } from './weight-rounding/index.js';

/** Rewrites a layer to read quantized weights: as MatMulNBits where that is asked and fits, else dequantized in front of it. */
export function quantizeWeightsOnly(job: WeightJob, format: WeightOnlyFormat): void {
  const bits = nBitsOf(job.parts, job.precision, format);
  if (bits === undefined) emitDequantize(job);
  else emitMatMulNBits(job, bits);
}

/** The opset that a layer needs with quantized weights. */
export function weightOnlyOpset(
  parts: ComputeParts,
  precision: WeightPrecision,
  format: WeightOnlyFormat,
): number {
  return nBitsOf(parts, precision, format) === undefined ? opsetOf(precision) : 7;
}

/** The integers of a layer's blocks; undefined where it has none. */
export function blockFormatOf(
  parts: ComputeParts,
  precision: WeightPrecision,
  format: WeightOnlyFormat,
): BlockFormat | undefined {
  const { dtype, symmetric, granularity, blockSize } = precision;
  if (granularity !== 'per-block' || parts.weight.constant?.shape.length !== 2) return undefined;
  const bits = nBitsOf(parts, precision, format);
  return { storage: bits === undefined ? dtype : NBITS_STORAGE[bits], symmetric, blockSize };
}

/** The width of MatMulNBits for a layer: only matrices in blocks of 2, 4 or 8 bits have one. */
function nBitsOf(
  { weight }: ComputeParts,
  { dtype, granularity }: WeightPrecision,
  format: WeightOnlyFormat,
): NBits | undefined {
  const bits = bitsOf(dtype);
  const isMatrix = weight.constant?.shape.length === 2;
  if (format !== 'matmulnbits' || granularity !== 'per-block' || !isMatrix) return undefined;
  return bits === 2 || bits === 4 || bits === 8 ? bits : undefined;
}

function emitMatMulNBits(job: WeightJob, bits: NBits): void {
  const { graph, parts, precision } = job;
  const { rows: K, columns: N } = matrixOf(parts);
  const [B, scales, zero_points] = shareOperands(job, () => makePackedOperands(job, bits));
  if (!B || !scales) throw new Error('packed weights have scales');
  graph.opsets.set('com.microsoft', 1);
  const product = graph.emit(
    MatMulNBits,
    { A: parts.data, B, scales, zero_points },
    { K, N, bits, block_size: precision.blockSize, accuracy_level: 0 },
    { name: `${parts.node.name || parts.weight.name}_nbits` },
  );
  replaceLayer(graph, parts, addBias(graph, parts, product));
}

function emitDequantize(job: WeightJob): void {
  const { graph, parts } = job;
  const [dequantized] = shareOperands(job, () => [makeDequantize(job)]);
  parts.node.setInput(parts.weightIndex, dequantized);
  dropUnused(graph, parts.weight);
}

/** Adds the bias of a Gemm to its product. */
function addBias(graph: Graph, { node, bias }: ComputeParts, product: Node): Node {
  return bias && product.output
    ? graph.emit(Add, { A: product.output, B: bias }, {}, { name: `${node.name || bias.name}_bias` })
    : product;
}
