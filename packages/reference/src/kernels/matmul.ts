import { defineKernel, type Kernel } from '@octavo/backend';
import { Gemm, MatMul } from '@octavo/core/ir';
import { isFloat, type Tensor, transposeMatrix } from '@octavo/core/tensor';
import { bigIntProduct } from '../big-int-product.js';
import { floats, floatTensor } from '../floats.js';
import { addBroadcast, matMulSums, planMatMul } from '../matmul-plan.js';
import { operand } from '../operand.js';

const matMul = defineKernel(MatMul, {
  prepare: () => (inputs) => {
    const [a, b] = [operand(inputs, 0), operand(inputs, 1)];
    if (!isFloat(a.dtype)) return [bigIntProduct(a, b)];
    const plan = planMatMul(a.shape, b.shape);
    return [floatTensor(a.dtype, plan.shape, matMulSums(floats(a), floats(b), plan))];
  },
});

/** A matrix's elements, transposed when asked, with the shape that it then has. */
function orientedMatrix(tensor: Tensor, transpose: boolean) {
  const [rows = 1, columns = 1] = tensor.shape;
  const data = floats(tensor);
  return transpose
    ? { data: transposeMatrix(data, rows, columns), shape: [columns, rows] }
    : { data, shape: [rows, columns] };
}

const gemm = defineKernel(Gemm, {
  prepare: ({ attributes: { alpha, beta, transA, transB }, constants }) => {
    const fixed = constants[1] && orientedMatrix(constants[1], transB !== 0);
    return (inputs) => {
      const first = operand(inputs, 0);
      const a = orientedMatrix(first, transA !== 0);
      const b = fixed ?? orientedMatrix(operand(inputs, 1), transB !== 0);
      const plan = planMatMul(a.shape, b.shape);
      const sums = matMulSums(a.data, b.data, plan);
      if (alpha !== 1) for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) * alpha;
      const c = inputs[2];
      if (c) addBroadcast(sums, plan.shape, floats(c), c.shape, beta);
      return [floatTensor(first.dtype, plan.shape, sums)];
    };
  },
});

export const matmulKernels: readonly Kernel[] = [matMul, gemm];
