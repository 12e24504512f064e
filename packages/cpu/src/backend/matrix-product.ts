import {
  defineKernel,
  type Kernel,
  type NodePreparation,
  type Operands,
  type PreparedKernel,
  SUPPORTED,
  unsupported,
} from '@octavo/backend';
import { Gemm, MatMul, MatMulInteger, type Node, QLinearMatMul } from '@octavo/core/ir';
import type { Shape, Tensor } from '@octavo/core/tensor';
import type { Epilogue } from '../epilogue.js';
import { matmul } from '../gemm.js';
import { loadBinding } from '../load-binding.js';
import { type PackedWeights, packWeights } from '../packed-weights.js';
import {
  biasOf,
  bytesOf,
  declineProduct,
  epilogueOf,
  integersOf,
  type ProductTypes,
  productTypes,
  zeroPointsOf,
} from './product-types.js';
import { declineQLinear, qlinearTypes } from './qlinear-types.js';
import { isScalar, outputTensor, scalarAt } from './tensors.js';

const gemm = defineKernel(Gemm, {
  supports: (node) => {
    const reason = declineGemm(node) ?? declineProduct(node, Gemm.attributes(node).transB ? 0 : 1);
    return reason ? unsupported(reason) : SUPPORTED;
  },
  prepare: (preparation) =>
    prepareTyped(preparation, productTypes(preparation), 1, preparation.attributes.transB !== 0),
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

const matMul = defineKernel(MatMul, {
  supports: (node) => {
    const reason = declineMatrix(node, 1) ?? declineProduct(node, 1);
    return reason ? unsupported(reason) : SUPPORTED;
  },
  prepare: (preparation) => prepareTyped(preparation, productTypes(preparation), 1, false),
});

const qlinearMatMul = defineKernel(QLinearMatMul, {
  supports: (node) => {
    const reason = declineMatrix(node, 3) ?? declineQLinear(node, 1);
    return reason ? unsupported(reason) : SUPPORTED;
  },
  prepare: (preparation) => prepareTyped(preparation, qlinearTypes(preparation), 3, false),
});

const matMulInteger = defineKernel(MatMulInteger, {
  supports: (node) => {
    const [, , aZeroPoint, bZeroPoint] = node.inputs;
    const reason = declineMatrix(node, 1);
    if (reason) return unsupported(reason);
    if (bZeroPoint && !bZeroPoint.constant)
      return unsupported('the zero point of its weights is not constant');
    if (aZeroPoint && !isScalar(aZeroPoint.shape))
      return unsupported('its input may have a zero point for each row');
    return SUPPORTED;
  },
  prepare: ({ constants }) => {
    const zeroPoints = zeroPointsOf({ zeroPoints: integersOf(constants[3]) });
    return multiplier(pack(constants[1], false, zeroPoints), { output: 'int32' }, scalarAt(2));
  },
});

/** Products of 8-bit integers with constant weights. */
export const matrixProductKernels: readonly Kernel[] = [gemm, matMul, matMulInteger, qlinearMatMul];

function declineMatrix(node: Node, position: number): string | undefined {
  return node.inputs[position]?.constant?.shape.length === 2
    ? undefined
    : 'its weights are no constant matrix';
}

function prepareTyped(
  { constants }: NodePreparation,
  types: ProductTypes,
  weights: number,
  transposed: boolean,
): PreparedKernel {
  const packed = pack(constants[weights], transposed, zeroPointsOf(types.w));
  const bias = weights === 1 ? biasOf(constants[2]) : undefined;
  const zeroPoint = types.x.zeroPoints[0] ?? 0;
  return multiplier(packed, epilogueOf(types, bias), () => zeroPoint);
}

function multiplier(
  packed: PackedWeights,
  epilogue: Epilogue,
  zeroPoint: (inputs: Operands) => number,
): PreparedKernel {
  return {
    name: loadBinding().binding.isa().gemmKernel,
    run: (inputs) => [multiply(inputs[0], packed, epilogue, zeroPoint(inputs))],
    dispose: () => packed.dispose(),
  };
}

function pack(
  weights: Tensor | undefined,
  transposed: boolean,
  zeroPoints: Int32Array | undefined,
): PackedWeights {
  const [first = 0, second = 0] = weights?.shape ?? [];
  return packWeights({
    data: bytesOf(weights),
    k: transposed ? second : first,
    n: transposed ? first : second,
    transposed,
    zeroPoints,
  });
}

/** All leading dimensions are rows. */
function multiply(
  a: Tensor | undefined,
  packed: PackedWeights,
  epilogue: Epilogue,
  zeroPoint: number,
): Tensor {
  const leading: Shape = a?.shape.slice(0, -1) ?? [];
  const m = leading.reduce((product, size) => product * size, 1);
  const out = matmul({ a: bytesOf(a), m, packed, epilogue, zeroPoints: zeroPoint });
  return outputTensor(epilogue.output, [...leading, packed.n], out);
}
