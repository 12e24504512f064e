import { defineKernel, type Kernel, SUPPORTED, unsupported } from '@octavo/backend';
import { Gemm, MatMul, MatMulInteger } from '@octavo/core/ir';
import { type Shape, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { Epilogue } from '../epilogue.js';
import { matmul } from '../gemm.js';
import { loadBinding } from '../load-binding.js';
import { type PackedWeights, packWeights } from '../packed-weights.js';
import { outputTensor } from './convolution.js';
import { biasOf, bytesOf, declineProduct, epilogueOf, productTypes } from './product-types.js';

const gemm = defineKernel(Gemm, {
  supports: (node) => {
    const { alpha, beta, transA, transB } = Gemm.attributes(node);
    if (alpha !== 1 || (node.inputs[2] && beta !== 1) || transA)
      return unsupported('alpha, beta or transA is set');
    const columns = node.inputs[1]?.constant?.shape[transB ? 0 : 1];
    const bias = node.inputs[2]?.constant;
    if (bias && bias.size !== columns) return unsupported('its bias is not one number a column');
    const reason = declineProduct(node, transB ? 0 : 1);
    return reason ? unsupported(reason) : SUPPORTED;
  },
  prepare: (preparation) => {
    const types = productTypes(preparation);
    const packed = pack(preparation.constants[1], preparation.attributes.transB !== 0, types.w.zeroPoints);
    const epilogue = epilogueOf(types, biasOf(preparation.constants[2]));
    const zeroPoint = types.x.zeroPoints[0] ?? 0;
    return {
      name: kernelName(),
      run: ([a]) => [multiply(a, packed, epilogue, zeroPoint)],
      dispose: () => packed.dispose(),
    };
  },
});

const matMul = defineKernel(MatMul, {
  supports: (node) => {
    if (node.inputs[1]?.constant?.shape.length !== 2)
      return unsupported('its weights are no constant matrix');
    const reason = declineProduct(node, 1);
    return reason ? unsupported(reason) : SUPPORTED;
  },
  prepare: (preparation) => {
    const types = productTypes(preparation);
    const packed = pack(preparation.constants[1], false, types.w.zeroPoints);
    const epilogue = epilogueOf(types, undefined);
    const zeroPoint = types.x.zeroPoints[0] ?? 0;
    return {
      name: kernelName(),
      run: ([a]) => [multiply(a, packed, epilogue, zeroPoint)],
      dispose: () => packed.dispose(),
    };
  },
});

const matMulInteger = defineKernel(MatMulInteger, {
  supports: (node) => {
    const [, b, aZeroPoint, bZeroPoint] = node.inputs;
    if (b?.constant?.shape.length !== 2) return unsupported('its weights are no constant matrix');
    if (bZeroPoint && !bZeroPoint.constant)
      return unsupported('the zero point of its weights is not constant');
    if (aZeroPoint?.shape && aZeroPoint.shape.length > 0 && aZeroPoint.shape[0] !== 1)
      return unsupported('its input has a zero point for each row');
    return SUPPORTED;
  },
  prepare: ({ constants }) => {
    const packed = pack(
      constants[1],
      false,
      constants[3] ? Int32Array.from(toNumbers(constants[3])) : undefined,
    );
    return {
      name: kernelName(),
      run: ([a, , zeroPoint]) => [
        multiply(a, packed, { output: 'int32' }, zeroPoint ? (toNumbers(zeroPoint)[0] ?? 0) : 0),
      ],
      dispose: () => packed.dispose(),
    };
  },
});

/** Products of 8-bit integers with constant weights. */
export const matrixProductKernels: readonly Kernel[] = [gemm, matMul, matMulInteger];

function kernelName(): string {
  return loadBinding().binding.isa().gemmKernel;
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
