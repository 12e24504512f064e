import { Add, type Node, type Value } from '@octavo/core/ir';
import { qlinearAddConstants } from '@octavo/core/quant';
import { sameShape } from '@octavo/core/tensor';
import type { Layout } from './layout.js';
import { floatWord, type Operand } from './operand.js';
import type { ProgramBuilder } from './program-builder.js';
import { byteType, declineByteOperands } from './quantized-bytes.js';
import { shapeOf } from './static-value.js';

/** What a quantized product writes: its own output, or the sum of it and a residual that it adds in its epilogue. */
export interface ProductResult {
  readonly output: Value;
  readonly residual: Operand | undefined;
  /** Words of the residual, after all others (`read_residual` in `native/src/program/epilogue_reader.h`). */
  readonly words: readonly number[];
}

/**
 * Takes over the sum that alone reads a quantized product, where the other operand is ready and has the product's shape.
 * The product is still rounded to its own quantized type before it is added: the bits are those of the two ops.
 */
export function fuseResidual(program: ProgramBuilder, product: Value, layout: Layout): ProductResult {
  const alone = { output: product, residual: undefined, words: [] };
  const sum = program.soleReader(product);
  const [a, b] = sum?.inputs ?? [];
  if (sum?.op !== Add || !sum.output || !a || !b) return alone;
  const other = a === product ? b : a;
  const words = residualWords(sum, other);
  const reason = words
    ? declineResidual(program, product, other)
    : 'its operands are not bytes of one type with finite constants';
  if (!words || reason !== undefined) {
    program.note(`${sum.label} is not fused: ${reason}`);
    return alone;
  }
  const residual = program.operand(other, layout);
  program.absorb(sum, 'term');
  return { output: sum.output, residual, words };
}

function declineResidual(program: ProgramBuilder, product: Value, other: Value): string | undefined {
  if (other === product) return 'it adds the product to itself';
  if (!sameShape(shapeOf(other), shapeOf(product))) return 'its other operand is broadcast';
  return program.isReady(other) ? undefined : 'its other operand is computed later';
}

/** QLinearAdd's constants; undefined where the sum is none of bytes of one type, or they are not finite. */
function residualWords(sum: Node, residual: Value): readonly number[] | undefined {
  if (declineByteOperands(sum) !== undefined) return undefined;
  const [a, b, y] = [parametersOf(sum.inputs[0]), parametersOf(sum.inputs[1]), parametersOf(sum.output)];
  if (!a || !b || !y) return undefined;
  const { ra, rb, c0 } = qlinearAddConstants(a, b, y);
  const comesFirst = sum.inputs[0] === residual;
  const words = comesFirst ? [rb, ra, c0] : [ra, rb, c0];
  return words.every(Number.isFinite) ? [...words.map(floatWord), Number(comesFirst)] : undefined;
}

function parametersOf(value: Value | undefined): { scale: number; zeroPoint: number } | undefined {
  const type = byteType(value);
  return type && { scale: type.scales[0] ?? 1, zeroPoint: type.zeroPoints[0] ?? 0 };
}
