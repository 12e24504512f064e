import { supportUnless } from '@octavo/backend';
import { DynamicQuantizeMatMul, MatMulIntegerToFloat, type Node, type Value } from '@octavo/core/ir';
import { elementCount, type Tensor, toNumbers } from '@octavo/core/tensor';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import type { Operand } from '../operand.js';
import { integersOf, zeroPointsOf } from '../product-types.js';
import type { ProgramBuilder } from '../program-builder.js';
import { required, shapeOf } from '../static-value.js';
import { declineMatrix, packedMatrix } from './matmul.js';

/** Bytes with one scale and zero point that the program computes. */
interface DynamicBytes {
  readonly dtype: 'int8' | 'uint8';
  readonly integers: Operand;
  readonly scale: Operand;
  readonly zeroPoint: Operand | undefined;
}

/** The operands of a product that stay as they are. */
interface FixedOperands {
  readonly b: Value;
  readonly weights: Tensor | undefined;
  readonly scales: Tensor | undefined;
  readonly zeroPoints: Tensor | undefined;
  readonly bias: Tensor | undefined;
}

const matMulIntegerToFloat = defineLowering(MatMulIntegerToFloat, {
  supports: (node) => {
    const { A, a_scale: scale, a_zero_point: zeroPoint } = MatMulIntegerToFloat.inputs(node);
    const { b_scale: scales, b_zero_point: zeroPoints, bias } = MatMulIntegerToFloat.inputs(node);
    if (A.dtype !== 'int8' && A.dtype !== 'uint8') return supportUnless(`no kernel for ${A.dtype}`);
    if (elementCount(shapeOf(scale)) !== 1) return supportUnless('its input has several scales');
    if (zeroPoint && elementCount(shapeOf(zeroPoint)) !== 1)
      return supportUnless('its input has several zero points');
    return supportUnless(declineFixed(node, scales, zeroPoints, bias));
  },
  lower: ({ node, constants }, program) => {
    const { A, B, a_scale: scale, a_zero_point: zeroPoint } = MatMulIntegerToFloat.inputs(node);
    const bytes = {
      dtype: A.dtype === 'int8' ? 'int8' : 'uint8',
      integers: program.operand(A),
      scale: program.operand(scale),
      zeroPoint: zeroPoint && program.operand(zeroPoint),
    } as const;
    const [, weights, , scales, , zeroPoints, bias] = constants;
    emitProduct(program, node, bytes, { b: B, weights, scales, zeroPoints, bias });
  },
});

const dynamicQuantizeMatMul = defineLowering(DynamicQuantizeMatMul, {
  supports: (node) => {
    const { A, b_scale: scales, b_zero_point: zeroPoints, bias } = DynamicQuantizeMatMul.inputs(node);
    if (A.dtype !== 'float32') return supportUnless(`no kernel for ${A.dtype}`);
    return supportUnless(declineFixed(node, scales, zeroPoints, bias));
  },
  lower: ({ node, constants }, program) => {
    const { A, B } = DynamicQuantizeMatMul.inputs(node);
    const count = elementCount(shapeOf(A));
    const from = program.operand(A);
    const integers = program.scratch(count);
    const scale = program.scratch(Float32Array.BYTES_PER_ELEMENT);
    const zeroPoint = program.scratch(1);
    program.emit({
      name: 'dynamic_quantize',
      operands: [from, integers, scale, zeroPoint],
      words: [count],
    });
    const [, weights, scales, zeroPoints, bias] = constants;
    const bytes = { dtype: 'uint8', integers, scale, zeroPoint } as const;
    emitProduct(program, node, bytes, { b: B, weights, scales, zeroPoints, bias });
  },
});

/** Products of bytes with constant weights whose results are float. */
export const floatIntegerProductLowerings: readonly Lowering[] = [
  matMulIntegerToFloat,
  dynamicQuantizeMatMul,
];

/** Why no kernel multiplies by the weights, or undefined when one does. */
function declineFixed(
  node: Node,
  scales: Value,
  zeroPoints: Value | undefined,
  bias: Value | undefined,
): string | undefined {
  const problem = declineMatrix(node, 1);
  if (problem !== undefined) return problem;
  const weights = required(node.inputs[1], node);
  const columns = weights.constant?.shape[1];
  const fits = (value: Value | undefined) =>
    !value || (value.constant && (value.constant.size === 1 || value.constant.size === columns));
  if (weights.dtype !== 'int8' && weights.dtype !== 'uint8')
    return `no kernel for weights of ${weights.dtype}`;
  if (!fits(scales) || !fits(zeroPoints)) return 'its weights are not quantized by column';
  if (node.output?.dtype !== 'float32') return `no kernel with ${node.output?.dtype} output`;
  if (!bias) return undefined;
  return bias.constant?.size === columns && bias.dtype === 'float32'
    ? undefined
    : 'its bias is no constant of one number a column';
}

/** All leading dimensions of the bytes are rows. */
function emitProduct(
  program: ProgramBuilder,
  node: Node,
  { dtype, integers, scale, zeroPoint }: DynamicBytes,
  { b, weights, scales, zeroPoints, bias }: FixedOperands,
): void {
  const [, columns = 1] = shapeOf(b);
  const rows = elementCount(shapeOf(required(node.inputs[0], node)).slice(0, -1));
  const packed = packedMatrix(program, {
    b,
    weights,
    transposed: false,
    weightZeroPoints: zeroPointsOf({ zeroPoints: integersOf(zeroPoints) }),
  });
  program.emit(
    {
      name: 'dynamic_matmul',
      operands: [
        program.constant(floatsOf(scales)),
        bias && program.constant(floatsOf(bias)),
        scale,
        zeroPoint,
        program.scratch(columns * Float32Array.BYTES_PER_ELEMENT),
        integers,
        program.output(required(node.output, node)),
      ],
      words: [packed, nativeType(dtype), rows],
    },
    program.binding.isa().gemmKernel,
  );
}

function floatsOf(tensor: Tensor | undefined): Float32Array {
  return tensor ? Float32Array.from(toNumbers(tensor)) : Float32Array.of(1);
}
