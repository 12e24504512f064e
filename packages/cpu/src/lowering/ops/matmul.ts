import { supportUnless } from '@octavo/backend';
import { Gemm, MatMul, type Node, QLinearMatMul, type Value } from '@octavo/core/ir';
import { elementCount, type Tensor } from '@octavo/core/tensor';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import { epilogueOperands, type ProductEpilogue } from '../product-epilogue.js';
import { biasOf, declineProduct, epilogueOf, productTypes, zeroPointsOf } from '../product-types.js';
import type { ProgramBuilder } from '../program-builder.js';
import { declineQLinear, qlinearTypes } from '../qlinear-types.js';
import { fuseResidual } from '../residual-sum.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';
import { bytesOf } from '../weight-bytes.js';

/** A product of 8-bit integers with constant weights, whatever its op. */
interface Product {
  readonly a: Value;
  readonly b: Value;
  readonly weights: Tensor | undefined;
  /** Whether the weights are `[n, k]`. */
  readonly transposed: boolean;
  readonly weightZeroPoints: Int32Array | undefined;
  readonly inputZeroPoint: number;
  readonly epilogue: ProductEpilogue;
}

const gemm = defineLowering(Gemm, {
  supports: (node) =>
    supportUnless(declineGemm(node) ?? declineProduct(node, Gemm.attributes(node).transB ? 0 : 1)),
  lower: ({ node, constants, attributes }, program) => {
    const types = productTypes(node);
    const [a, b] = node.inputs;
    emitProduct(node, program, {
      a: required(a, node),
      b: required(b, node),
      weights: constants[1],
      transposed: attributes.transB !== 0,
      weightZeroPoints: zeroPointsOf(types.w),
      inputZeroPoint: types.x.zeroPoints[0] ?? 0,
      epilogue: epilogueOf(types, biasOf(constants[2])),
    });
  },
});

function declineGemm(node: Node): string | undefined {
  const { alpha, beta, transA, transB } = Gemm.attributes(node);
  const [, weights, bias] = node.inputs;
  if (alpha !== 1 || (bias && beta !== 1) || transA) return 'alpha, beta or transA is set';
  const columns = weights?.constant?.shape[transB ? 0 : 1];
  const shape = bias?.constant?.shape;
  const isRow = !shape || (shape.at(-1) === columns && bias?.constant?.size === columns);
  return isRow ? undefined : 'its bias is not one number a column';
}

const matMul = defineLowering(MatMul, {
  supports: (node) => supportUnless(declineMatrix(node, 1) ?? declineProduct(node, 1)),
  lower: ({ node, constants }, program) => {
    const types = productTypes(node);
    const [a, b] = node.inputs;
    emitProduct(node, program, {
      a: required(a, node),
      b: required(b, node),
      weights: constants[1],
      transposed: false,
      weightZeroPoints: zeroPointsOf(types.w),
      inputZeroPoint: types.x.zeroPoints[0] ?? 0,
      epilogue: epilogueOf(types, undefined),
    });
  },
});

const qlinearMatMul = defineLowering(QLinearMatMul, {
  supports: (node) => supportUnless(declineMatrix(node, 3) ?? declineQLinear(node, 1)),
  lower: ({ node, constants }, program) => {
    const types = qlinearTypes(constants);
    const [a, , , b] = node.inputs;
    emitProduct(node, program, {
      a: required(a, node),
      b: required(b, node),
      weights: constants[3],
      transposed: false,
      weightZeroPoints: zeroPointsOf(types.w),
      inputZeroPoint: types.x.zeroPoints[0] ?? 0,
      epilogue: epilogueOf(types, undefined),
    });
  },
});

/** Products of 8-bit integers with constant weights. */
export const matmulLowerings: readonly Lowering[] = [gemm, matMul, qlinearMatMul];

export function declineMatrix(node: Node, position: number): string | undefined {
  return node.inputs[position]?.constant?.shape.length === 2
    ? undefined
    : 'its weights are no constant matrix';
}

/** All leading dimensions of `a` are rows. */
function emitProduct(node: Node, program: ProgramBuilder, product: Product): void {
  const { a, inputZeroPoint } = product;
  const packed = packedMatrix(program, product);
  const epilogue = epilogueOperands(product.epilogue, program);
  const { output, residual, words } = fuseResidual(program, required(node.output, node), 'nchw');
  program.emit(
    {
      name: 'matmul',
      operands: [...epilogue.operands, program.operand(a), program.output(output), residual],
      words: [packed].concat(
        epilogue.words,
        [nativeType(dtypeOf(a)), inputZeroPoint, elementCount(shapeOf(a).slice(0, -1))],
        words,
      ),
    },
    program.isa.gemmKernel,
  );
}

/** Packed weights of a product, as the word that ops name them by. */
export function packedMatrix(
  program: ProgramBuilder,
  {
    b,
    weights,
    transposed,
    weightZeroPoints,
  }: Pick<Product, 'b' | 'weights' | 'transposed' | 'weightZeroPoints'>,
): number {
  const [first = 0, second = 0] = shapeOf(b);
  const [k, n] = transposed ? [second, first] : [first, second];
  const [kStride, nStride] = transposed ? [1, k] : [n, 1];
  return program.packed(b, `matmul ${transposed} ${weightZeroPoints ?? ''}`, () =>
    program.binding.packMatrix(bytesOf(weights), k, n, kStride, nStride, weightZeroPoints),
  );
}
