import { broadcastShapes, type Shape, TensorError } from '@octavo/core/tensor';
import type { FloatArray } from './floats.js';
import { broadcastIndices } from './indices.js';
import { addProduct, type ProductSize } from './matrix-product.js';

/** How numpy's `matmul` of two shapes is done: one product for each pair of matrices. */
export interface MatMulPlan extends ProductSize {
  readonly shape: Shape;
  /** Index of the matrix of A and of B for each matrix of the result. */
  readonly pairs: readonly { readonly a: number; readonly b: number }[];
}

/** Throws TensorError `TENSOR_SHAPE` when inner sizes differ, `TENSOR_BROADCAST` when the leading axes do not broadcast. */
export function planMatMul(a: Shape, b: Shape): MatMulPlan {
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const [rows = 1, inner = 1] = left.slice(-2);
  const [outer = 1, columns = 1] = right.slice(-2);
  if (a.length === 0 || b.length === 0 || inner !== outer) {
    throw new TensorError({
      code: 'TENSOR_SHAPE',
      message: `shapes [${a.join(', ')}] and [${b.join(', ')}] do not multiply.`,
    });
  }
  const batch = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
  const indexA = broadcastIndices(left.slice(0, -2), batch);
  const indexB = broadcastIndices(right.slice(0, -2), batch);
  return {
    shape: [...batch, ...(a.length === 1 ? [] : [rows]), ...(b.length === 1 ? [] : [columns])],
    pairs: Array.from(indexA, (each, i) => ({ a: each, b: indexB[i] ?? 0 })),
    rows,
    inner,
    columns,
  };
}

/** Sums of products in float64, row-major in `plan.shape`; see {@link addProduct}. */
export function matMulSums(a: FloatArray, b: FloatArray, plan: MatMulPlan): Float64Array {
  const { rows, inner, columns } = plan;
  const sums = new Float64Array(plan.pairs.length * rows * columns);
  plan.pairs.forEach((pair, i) => {
    addProduct(
      { data: sums, offset: i * rows * columns, stride: columns },
      { data: a, offset: pair.a * rows * inner, stride: inner },
      { data: b, offset: pair.b * inner * columns, stride: columns },
      plan,
    );
  });
  return sums;
}

/** Adds `factor * term`, broadcast to `shape`, to sums of that shape. */
export function addBroadcast(
  sums: FloatArray,
  shape: Shape,
  term: ArrayLike<number>,
  termShape: Shape,
  factor: number,
): void {
  const indices = broadcastIndices(termShape, shape);
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + factor * (term[indices[i] ?? 0] ?? 0);
}
