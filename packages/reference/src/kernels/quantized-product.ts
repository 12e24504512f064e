import { defineKernel, type Kernel, type NodePreparation, SUPPORTED, unsupported } from '@octavo/backend';
import {
  type AttributeSchema,
  type AttributesOf,
  Conv,
  ConvTranspose,
  Gemm,
  MatMul,
  type Node,
  type OpDefinition,
  type Slot,
} from '@octavo/core/ir';
import { channelOfOtherScale, hasZeroPoint, type QuantizedType, type StorageDType } from '@octavo/core/quant';
import { KernelError, type Shape, type Tensor, toNumbers } from '@octavo/core/tensor';
import { type Convolution, convolve, planConvolution } from '../convolution.js';
import { centeredWeights, finishConvolution, integerConvolution } from '../integer-convolution.js';
import {
  centeredColumns,
  finishProduct,
  type IntegerOperand,
  type IntegerResult,
  integerSums,
  orientedOperand,
} from '../integer-product.js';
import { addBroadcast } from '../matmul-plan.js';
import { operand } from '../operand.js';
import { convolveTransposed, planTransposedConvolution } from '../transposed-convolution.js';

const BYTES: readonly StorageDType[] = ['int8', 'uint8', 'int16', 'uint16', 'int4', 'uint4', 'int2', 'uint2'];

/**
 * Whether a node multiplies quantized values in integers: x and y per tensor (or y float32), w per tensor or along
 * `axis`, bias int32 with scale `f32(s_x * s_w)` and zero point 0.
 */
function multipliesIntegers(node: Node, axis: number): boolean {
  const [x, w, bias] = node.inputs;
  const [xType, wType, yType] = [x?.quantized, w?.quantized, node.output?.quantized];
  if (!xType || !wType || !isPlain(xType)) return false;
  if (yType ? !isPlain(yType) : node.output?.dtype !== 'float32') return false;
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
  return bias?.storage === 'int32' && !hasZeroPoint(bias) && channelOfOtherScale(bias, x, w) < 0;
}

const declined = unsupported('not a product of quantized values in integers');

/** Quantized types of x, w and (unless it is float) y of a node that {@link multipliesIntegers} accepted. */
function typesOf({ inputTypes, outputTypes }: NodePreparation) {
  const [x, w, y] = [inputTypes[0]?.quantized, inputTypes[1]?.quantized, outputTypes[0]?.quantized];
  if (x && w) return { x, w, y: y && resultOf(y) };
  throw new KernelError({ code: 'KERNEL_QUANTIZED', message: 'x and w are quantized values.' });
}

/** The scale, zero point and storage of a per-tensor type. */
export function resultOf(type: QuantizedType): IntegerResult {
  return { scale: type.scales[0] ?? 1, zeroPoint: type.zeroPoints[0] ?? 0, storage: type.storage };
}

/** Conv or ConvTranspose: `axis` of the weights holds the output channels. */
function convolutionKernel<I extends readonly Slot[], O extends readonly Slot[], A extends AttributeSchema>(
  op: OpDefinition<I, O, A>,
  axis: number,
  planOf: (x: Shape, w: Shape, attributes: AttributesOf<A>) => Convolution,
  multiply: typeof convolve,
): Kernel {
  return defineKernel(op, {
    supports: (node) => (multipliesIntegers(node, axis) ? SUPPORTED : declined),
    prepare: (preparation) => {
      const { x, w, y } = typesOf(preparation);
      const center = (tensor: Tensor) => centeredWeights(toNumbers(tensor), tensor.shape, w.zeroPoints, axis);
      const fixed = preparation.constants[1] && center(preparation.constants[1]);
      return (inputs) => {
        const [input, weights] = [operand(inputs, 0), operand(inputs, 1)];
        const plan = planOf(input.shape, weights.shape, preparation.attributes);
        const bias = inputs[2] && toNumbers(inputs[2]);
        const [values, zeroPoint] = [toNumbers(input), x.zeroPoints[0] ?? 0];
        const sums = integerConvolution(values, zeroPoint, fixed ?? center(weights), bias, plan, multiply);
        return [finishConvolution(sums, plan, x.scales[0] ?? 1, w.scales, y)];
      };
    },
  });
}

function asOperand(tensor: Tensor, { scales, zeroPoints }: QuantizedType): IntegerOperand {
  return { values: toNumbers(tensor), shape: tensor.shape, scales, zeroPoints };
}

/** The right operand of a product, ready to multiply. */
function rightOperand(tensor: Tensor, type: QuantizedType, transpose: boolean) {
  const matrix = orientedOperand(asOperand(tensor, type), transpose);
  return { matrix, centered: centeredColumns(matrix) };
}

const matMul = defineKernel(MatMul, {
  supports: (node) => (multipliesIntegers(node, -1) ? SUPPORTED : declined),
  prepare: (preparation) => {
    const { x, w, y } = typesOf(preparation);
    const fixed = preparation.constants[1] && rightOperand(preparation.constants[1], w, false);
    return (inputs) => {
      const b = fixed ?? rightOperand(operand(inputs, 1), w, false);
      const { plan, sums } = integerSums(asOperand(operand(inputs, 0), x), b.matrix, b.centered);
      return [finishProduct(new Int32Array(sums), plan, x.scales, w.scales, y)];
    };
  },
});

function isPlainGemm(node: Node): boolean {
  const { alpha, beta, transB } = Gemm.attributes(node);
  const unscaled = alpha === 1 && (beta === 1 || !node.inputs[2]);
  return unscaled && multipliesIntegers(node, transB ? 0 : 1);
}

const gemm = defineKernel(Gemm, {
  supports: (node) => (isPlainGemm(node) ? SUPPORTED : declined),
  prepare: (preparation) => {
    const { x, w, y } = typesOf(preparation);
    const { transA, transB } = preparation.attributes;
    const fixed = preparation.constants[1] && rightOperand(preparation.constants[1], w, transB !== 0);
    return (inputs) => {
      const a = orientedOperand(asOperand(operand(inputs, 0), x), transA !== 0);
      const b = fixed ?? rightOperand(operand(inputs, 1), w, transB !== 0);
      const { plan, sums } = integerSums(a, b.matrix, b.centered);
      const bias = inputs[2];
      if (bias) addBroadcast(sums, plan.shape, toNumbers(bias), bias.shape, 1);
      return [finishProduct(new Int32Array(sums), plan, x.scales, w.scales, y)];
    };
  },
});

/** Conv, ConvTranspose, MatMul and Gemm on quantized values: int32 accumulation, then one requantization or dequantization. */
export const quantizedProductKernels: readonly Kernel[] = [
  convolutionKernel(Conv, 0, planConvolution, convolve),
  convolutionKernel(ConvTranspose, 1, planTransposedConvolution, convolveTransposed),
  matMul,
  gemm,
];
