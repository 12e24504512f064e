import { defineKernel, type Kernel, type NodePreparation, SUPPORTED, unsupported } from '@octavo/backend';
import { Conv, Gemm, MatMul, type Node } from '@octavo/core/ir';
import type { QuantizedType, StorageDType } from '@octavo/core/quant';
import { OctavoError, type Tensor, toNumbers } from '@octavo/core/tensor';
import { planConvolution } from '../convolution.js';
import { centeredWeights, integerConvolution, requantizeConvolution } from '../integer-convolution.js';
import {
  type IntegerOperand,
  type IntegerResult,
  integerSums,
  orientedOperand,
  requantizeProduct,
} from '../integer-product.js';
import { addBroadcast } from '../matmul-plan.js';
import { operand } from '../operand.js';

const BYTES: readonly StorageDType[] = ['int8', 'uint8', 'int16', 'uint16', 'int4', 'uint4', 'int2', 'uint2'];

/**
 * Whether a node multiplies quantized values in integers: x and y per tensor, w per tensor or along `axis`, bias
 * int32 with scale `f32(s_x * s_w)` and zero point 0.
 */
function multipliesIntegers(node: Node, axis: number): boolean {
  const [x, w, bias] = node.inputs;
  const [xType, wType, yType] = [x?.quantized, w?.quantized, node.output?.quantized];
  if (!xType || !wType || !yType || !isPlain(xType) || !isPlain(yType)) return false;
  if (!BYTES.includes(xType.storage) || !BYTES.includes(wType.storage)) return false;
  const rank = w?.shape?.length ?? 0;
  const { granularity } = wType;
  if (granularity.kind === 'per-block') return false;
  if (granularity.kind === 'per-axis' && (granularity.axis + rank) % rank !== (axis + rank) % rank)
    return false;
  return !bias || biasFits(bias.quantized, xType, wType);
}

function isPlain(type: QuantizedType): boolean {
  return type.granularity.kind === 'per-tensor';
}

function biasFits(bias: QuantizedType | undefined, x: QuantizedType, w: QuantizedType): boolean {
  if (bias?.storage !== 'int32' || bias.zeroPoints.some((zeroPoint) => zeroPoint !== 0)) return false;
  const channels = Math.max(bias.scales.length, w.scales.length);
  return Array.from({ length: channels }, (_, i) => i).every((i) => {
    const expected = Math.fround((x.scales[0] ?? 1) * (w.scales[i % w.scales.length] ?? 1));
    return bias.scales[i % bias.scales.length] === expected;
  });
}

const declined = unsupported('not a product of quantized values in integers');

/** Quantized types of x, w and y of a node that {@link multipliesIntegers} accepted. */
function typesOf({ inputTypes, outputTypes }: NodePreparation) {
  const [x, w, y] = [inputTypes[0]?.quantized, inputTypes[1]?.quantized, outputTypes[0]?.quantized];
  if (x && w && y) return { x, w, y: resultOf(y) };
  throw new OctavoError({ code: 'KERNEL_QUANTIZED', message: 'x, w and y are quantized values.' });
}

/** The scale, zero point and storage of a per-tensor type. */
export function resultOf(type: QuantizedType): IntegerResult {
  return { scale: type.scales[0] ?? 1, zeroPoint: type.zeroPoints[0] ?? 0, storage: type.storage };
}

const conv = defineKernel(Conv, {
  supports: (node) => (multipliesIntegers(node, 0) ? SUPPORTED : declined),
  prepare: (preparation) => {
    const { x, w, y } = typesOf(preparation);
    const center = (tensor: Tensor) => centeredWeights(toNumbers(tensor), tensor.shape, w.zeroPoints);
    const fixed = preparation.constants[1] && center(preparation.constants[1]);
    return (inputs) => {
      const [input, weights] = [operand(inputs, 0), operand(inputs, 1)];
      const plan = planConvolution(input.shape, weights.shape, preparation.attributes);
      const bias = inputs[2] && toNumbers(inputs[2]);
      const zeroPoint = x.zeroPoints[0] ?? 0;
      const sums = integerConvolution(toNumbers(input), zeroPoint, fixed ?? center(weights), bias, plan);
      return [requantizeConvolution(sums, plan, x.scales[0] ?? 1, w.scales, y)];
    };
  },
});

function asOperand(tensor: Tensor, { scales, zeroPoints }: QuantizedType): IntegerOperand {
  return { values: toNumbers(tensor), shape: tensor.shape, scales, zeroPoints };
}

const matMul = defineKernel(MatMul, {
  supports: (node) => (multipliesIntegers(node, -1) ? SUPPORTED : declined),
  prepare: (preparation) => {
    const { x, w, y } = typesOf(preparation);
    return (inputs) => {
      const { plan, sums } = integerSums(asOperand(operand(inputs, 0), x), asOperand(operand(inputs, 1), w));
      return [requantizeProduct(new Int32Array(sums), plan, x.scales, w.scales, y)];
    };
  },
});

function isPlainGemm(node: Node): boolean {
  const { alpha, beta, transB } = Gemm.attributes(node);
  return alpha === 1 && beta === 1 && multipliesIntegers(node, transB ? 0 : 1);
}

const gemm = defineKernel(Gemm, {
  supports: (node) => (isPlainGemm(node) ? SUPPORTED : declined),
  prepare: (preparation) => {
    const { x, w, y } = typesOf(preparation);
    const { transA, transB } = preparation.attributes;
    return (inputs) => {
      const a = orientedOperand(asOperand(operand(inputs, 0), x), transA !== 0);
      const b = orientedOperand(asOperand(operand(inputs, 1), w), transB !== 0);
      const { plan, sums } = integerSums(a, b);
      const bias = inputs[2];
      if (bias) addBroadcast(sums, plan.shape, toNumbers(bias), bias.shape, 1);
      return [requantizeProduct(new Int32Array(sums), plan, x.scales, w.scales, y)];
    };
  },
});

/** Conv, MatMul and Gemm on quantized values: int32 accumulation, then one requantization. */
export const quantizedProductKernels: readonly Kernel[] = [conv, matMul, gemm];
