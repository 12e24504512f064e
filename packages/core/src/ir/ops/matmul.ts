import { attr } from '../attribute.js';
import {
  broadcastDims,
  contradiction,
  type Dims,
  dimsToString,
  knownDim,
  mergeDims,
  realDType,
  typeOf,
} from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim, Value } from '../value.js';

/**
 * The shape of numpy's `matmul`: the last two axes multiply, the others broadcast; a vector on either side counts as
 * a row or column that the result does not have. Throws `INFER_TYPES` when the inner sizes differ.
 */
export function matMulDims(a: Dims, b: Dims): Dims {
  if (!a || !b) return undefined;
  if (a.length === 0 || b.length === 0) contradiction('matrix products need operands of rank >= 1.');
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const inner = left.at(-1) ?? null;
  const outer = right.at(-2) ?? null;
  if (knownDim(inner) && knownDim(outer) && inner !== outer) {
    contradiction(`the inner sizes of ${dimsToString(a)} and ${dimsToString(b)} differ.`);
  }
  const batch = broadcastDims(left.slice(0, -2), right.slice(0, -2)) ?? [];
  const result = batch.slice();
  if (a.length > 1) result.push(left.at(-2) ?? null);
  if (b.length > 1) result.push(right.at(-1) ?? null);
  return result;
}

/** numpy's `matmul`. */
export const MatMul = defineOp({
  name: 'MatMul',
  inputs: ['A', 'B'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => [typeOf(realDType(inputs.A), matMulDims(inputs.A.shape, inputs.B.shape))],
});

/** The shape of `A B` with each operand transposed or not: `[M, N]`. */
export function gemmDims(a: Dims, b: Dims, transA: boolean, transB: boolean): readonly Dim[] {
  if ((a && a.length !== 2) || (b && b.length !== 2)) {
    contradiction(`Gemm multiplies matrices, found ${dimsToString(a)} and ${dimsToString(b)}.`);
  }
  const inner = a?.[transA ? 0 : 1] ?? null;
  const outer = b?.[transB ? 1 : 0] ?? null;
  if (knownDim(inner) && knownDim(outer) && inner !== outer) {
    contradiction(`the inner sizes of ${dimsToString(a)} and ${dimsToString(b)} differ.`);
  }
  return [a?.[transA ? 1 : 0] ?? null, b?.[transB ? 0 : 1] ?? null];
}

/** A product's shape, to which C must broadcast. Throws `INFER_TYPES` when it does not. */
function addendDims(product: readonly Dim[], c: Value | undefined): readonly Dim[] {
  if (c?.shape) mergeDims(broadcastDims(product, c.shape), product);
  return product;
}

/** `alpha A' B' + beta C`; C broadcasts to the product. */
export const Gemm = defineOp({
  name: 'Gemm',
  since: 7,
  inputs: ['A', 'B', 'C?'],
  outputs: ['Y'],
  attributes: { alpha: attr.float(1), beta: attr.float(1), transA: attr.int(0), transB: attr.int(0) },
  inferTypes: ({ inputs, attributes }) => [
    typeOf(
      realDType(inputs.A),
      addendDims(
        gemmDims(inputs.A.shape, inputs.B.shape, attributes.transA !== 0, attributes.transB !== 0),
        inputs.C,
      ),
    ),
  ],
});

export const matmulOps: readonly Op[] = [MatMul, Gemm];
