import type { Node, Value } from '@octavo/core/ir';
import { elementCount, type Tensor, toNumbers } from '@octavo/core/tensor';
import { nativeType } from './native-type.js';
import type { Operand } from './operand.js';
import { declineMatrix, packedMatrix } from './ops/matmul.js';
import { integersOf, isBytes, zeroPointsOf } from './product-types.js';
import type { ProgramBuilder } from './program-builder.js';
import { required, shapeOf } from './static-value.js';
import { fitsBytes } from './weight-bytes.js';

/** Bytes with one scale and zero point that the program computes. */
export interface DynamicBytes {
  readonly dtype: 'int8' | 'uint8';
  readonly integers: Operand;
  readonly scale: Operand;
  readonly zeroPoint: Operand | undefined;
}

/** The operands of a product that stay as they are. */
export interface FixedOperands {
  readonly b: Value;
  readonly weights: Tensor | undefined;
  readonly scales: Tensor | undefined;
  readonly zeroPoints: Tensor | undefined;
  readonly bias: Tensor | undefined;
}

/** Why no kernel takes a value for bytes with one scale and zero point, or undefined when one does. */
export function declineBytes(value: Value, scale: Value, zeroPoint: Value | undefined): string | undefined {
  if (!isBytes(value)) return `no kernel for ${value.dtype}`;
  if (elementCount(shapeOf(scale)) !== 1) return 'its input has several scales';
  return zeroPoint && elementCount(shapeOf(zeroPoint)) !== 1
    ? 'its input has several zero points'
    : undefined;
}

/** Why no kernel multiplies by the weights, or undefined when one does. */
export function declineFixed(
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
  if (!fitsBytes(weights)) return `no kernel for weights of ${weights.dtype}`;
  if (!fits(scales) || !fits(zeroPoints)) return 'its weights are not quantized by column';
  if (node.output?.dtype !== 'float32') return `no kernel with ${node.output?.dtype} output`;
  if (!bias) return undefined;
  return bias.constant?.size === columns && bias.dtype === 'float32'
    ? undefined
    : 'its bias is no constant of one number a column';
}

/** Where a product goes: all leading dimensions of the bytes are rows. */
interface ByteProductResult {
  readonly rows: number;
  readonly to: Operand;
}

/** Emits the product of bytes with constant weights, whose results are float. */
export function emitByteProduct(
  program: ProgramBuilder,
  { dtype, integers, scale, zeroPoint }: DynamicBytes,
  { b, weights, scales, zeroPoints, bias }: FixedOperands,
  { rows, to }: ByteProductResult,
): void {
  const [, columns = 1] = shapeOf(b);
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
        to,
      ],
      words: [packed, nativeType(dtype), rows],
    },
    program.isa.gemmKernel,
  );
}

function floatsOf(tensor: Tensor | undefined): Float32Array {
  return tensor ? Float32Array.from(toNumbers(tensor)) : Float32Array.of(1);
}
