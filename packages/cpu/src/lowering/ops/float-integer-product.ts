import { supportUnless } from '@octavo/backend';
import { DynamicQuantizeMatMul, MatMulIntegerToFloat, type Node } from '@octavo/core/ir';
import { elementCount } from '@octavo/core/tensor';
import { declineBytes, declineFixed, emitByteProduct } from '../byte-product.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { Operand } from '../operand.js';
import type { ProgramBuilder } from '../program-builder.js';
import { required, shapeOf } from '../static-value.js';

const matMulIntegerToFloat = defineLowering(MatMulIntegerToFloat, {
  supports: (node) => {
    const { A, a_scale: scale, a_zero_point: zeroPoint } = MatMulIntegerToFloat.inputs(node);
    const { b_scale: scales, b_zero_point: zeroPoints, bias } = MatMulIntegerToFloat.inputs(node);
    return supportUnless(declineBytes(A, scale, zeroPoint) ?? declineFixed(node, scales, zeroPoints, bias));
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
    emitByteProduct(program, bytes, { b: B, weights, scales, zeroPoints, bias }, resultOf(node, program));
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
      operands: [from, integers, scale, zeroPoint, undefined],
      words: [count, 0, 1],
    });
    const [, weights, scales, zeroPoints, bias] = constants;
    const bytes = { dtype: 'uint8', integers, scale, zeroPoint } as const;
    emitByteProduct(program, bytes, { b: B, weights, scales, zeroPoints, bias }, resultOf(node, program));
  },
});

/** Products of bytes with constant weights whose results are float. */
export const floatIntegerProductLowerings: readonly Lowering[] = [
  matMulIntegerToFloat,
  dynamicQuantizeMatMul,
];

function resultOf(node: Node, program: ProgramBuilder): { readonly rows: number; readonly to: Operand } {
  const rows = elementCount(shapeOf(required(node.inputs[0], node)).slice(0, -1));
  return { rows, to: program.output(required(node.output, node)) };
}
