import { Gemm, MatMul, MatMulNBits, type Node, type Op, storedConstant, type Value } from '@octavo/core/ir';
import type { QuantizedType } from '@octavo/core/quant';
import type { Tensor } from '@octavo/core/tensor';
import { blockWeights } from '@octavo/reference';
import type { ComputeParts } from '../../compute-ops.js';
import { NBITS_STORAGE } from '../../pack-nbits.js';
import { transpose } from '../../transpose.js';
import type { LayerForm, ReplacedConstant } from './layer-form.js';
import { readConstant } from './qdq.js';

/** Weights in blocks of com.microsoft MatMulNBits; what it reads stays float. */
export const matMulNBits: LayerForm = {
  matches: (node, op) => MatMulNBits.is(node) && isMatrixProduct(op),
  async read(node, parts, reader) {
    return {
      data: node.inputs[0]?.name,
      input: undefined,
      weights: await readBlocks(node, parts),
      bias: await readConstant(node.inputs[5], undefined, reader),
    };
  },
};

/** Whether an op multiplies with a weight matrix. */
export function isMatrixProduct(op: Op): boolean {
  return op === MatMul || op === Gemm;
}

/** Undefined where operands are computed, or columns are in another order. */
async function readBlocks(node: Node, parts: ComputeParts): Promise<ReplacedConstant | undefined> {
  const [, packed, factors, zeros, order] = node.inputs;
  const { K, N, bits, block_size } = MatMulNBits.attributes(node);
  const [weights, scales, zeroPoints] = [await load(packed), await load(factors), await load(zeros)];
  const storage = bits === 2 || bits === 4 || bits === 8 ? NBITS_STORAGE[bits] : undefined;
  if (!weights || !scales || (zeros && !zeroPoints) || order || !storage) return undefined;
  const numbers = blockWeights(weights, scales, zeroPoints, { K, N, bits, block_size }, Float32Array);
  return {
    numbers: inLayoutOf(parts, Float32Array.from(numbers), K, N),
    type: blockType(storage, block_size, zeros === undefined),
  };
}

/** Scales and zero points are in the numbers already. */
function blockType(storage: QuantizedType['storage'], blockSize: number, symmetric: boolean): QuantizedType {
  return {
    storage,
    expressed: 'float32',
    granularity: { kind: 'per-block', axis: 0, blockSize },
    symmetric,
    scales: new Float32Array(),
    zeroPoints: new Int32Array(),
  };
}

/** [K, N] as the original has it: a Gemm may hold it transposed. */
export function inLayoutOf(
  { channelAxis }: ComputeParts,
  numbers: Float32Array,
  rows: number,
  columns: number,
): Float32Array {
  return channelAxis === 0 ? transpose(numbers, rows, columns) : numbers;
}

async function load(value: Value | undefined): Promise<Tensor | undefined> {
  return await storedConstant(value)?.load();
}
