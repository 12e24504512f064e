import { Gemm, MatMul, MatMulNBits, type Node, type Op, storedConstant, type Value } from '@octavo/core/ir';
import { dequantizeNumbers, nbitsIntegers } from '@octavo/core/quant';
import { type Tensor, transposeMatrix } from '@octavo/core/tensor';
import type { ComputeParts } from '../../compute-ops.js';
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

/** Undefined where operands are computed, zero points are no integers, or columns are in another order. */
async function readBlocks(node: Node, parts: ComputeParts): Promise<ReplacedConstant | undefined> {
  const [, packed, factors, zeros, order] = node.inputs;
  const [weights, scales, zeroPoints] = [await load(packed), await load(factors), await load(zeros)];
  if (!weights || !scales || (zeros && !zeroPoints) || order) return undefined;
  const found = nbitsIntegers(weights, scales, zeroPoints, MatMulNBits.attributes(node));
  if (!found) return undefined;
  const { integers, shape, type } = found;
  const [columns = 0, rows = 0] = shape;
  const numbers = dequantizeNumbers(integers, shape, type);
  return { numbers: parts.channelAxis === 0 ? numbers : transposeMatrix(numbers, columns, rows), type };
}

async function load(value: Value | undefined): Promise<Tensor | undefined> {
  return await storedConstant(value)?.load();
}
