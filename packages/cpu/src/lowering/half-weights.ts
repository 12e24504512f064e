import { Gemm, MatMul, type Node, type Value } from '@octavo/core/ir';
import { halvesOf, type StoredTensor } from '@octavo/core/tensor';

/**
 * The float16 or bfloat16 constant behind a widened one, where all that read it are products with such a matrix: their
 * kernels take 16-bit weights, on half the memory, and compute the same.
 */
export function halfWeights(value: Value): StoredTensor | undefined {
  const halves = value.constant && halvesOf(value.constant);
  if (halves?.shape.length !== 2) return undefined;
  return value.users.every((user) => isWeightsOf(user, value)) ? halves : undefined;
}

/** Whether a product takes a value as its right-hand side, and as nothing else. */
function isWeightsOf(node: Node, value: Value): boolean {
  if (!MatMul.is(node) && !Gemm.is(node)) return false;
  return node.inputs.every((input, index) => (input === value) === (index === 1));
}
