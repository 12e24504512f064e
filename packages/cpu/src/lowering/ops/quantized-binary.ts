import { type Support, supportUnless } from '@octavo/backend';
import { Add, Mul, type Node } from '@octavo/core/ir';
import { elementCount } from '@octavo/core/tensor';
import { broadcastLayout, broadcastOperand, declineAxes, overOf } from '../broadcast.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import type { ProgramBuilder } from '../program-builder.js';
import { declineByteOperands, parameterWords } from '../quantized-bytes.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';

/** Functions by the word that the native op takes. */
const FUNCTIONS = { add: 0, multiply: 1 } as const;

function supports(node: Node): Support {
  return supportUnless(declineByteOperands(node) ?? declineAxes(shapeOf(required(node.output, node))));
}

function lowerBinary(node: Node, program: ProgramBuilder, name: keyof typeof FUNCTIONS): void {
  const [a, b] = [required(node.inputs[0], node), required(node.inputs[1], node)];
  const output = required(node.output, node);
  const shape = shapeOf(output);
  const layout = broadcastLayout(program, [a, b], shape);
  const [left, right] = [a, b].map((value) => broadcastOperand(program, value, shape, layout));
  if (!left || !right) return;
  program.emit({
    name: 'quantized_binary',
    operands: [
      left.operand,
      right.operand,
      program.output(output, overOf(left, right, layout, elementCount(shape))),
    ],
    words: [
      FUNCTIONS[name],
      nativeType(dtypeOf(output)),
      ...[a, b, output].flatMap(parameterWords),
      left.sizes.length,
      ...left.sizes,
      right.sizes.length,
      ...right.sizes,
    ],
  });
}

/** Sums and products of quantized values, with the bits of QLinearAdd and QLinearMul. */
export const quantizedBinaryLowerings: readonly Lowering[] = [
  defineLowering(Add, { supports, lower: ({ node }, program) => lowerBinary(node, program, 'add') }),
  defineLowering(Mul, { supports, lower: ({ node }, program) => lowerBinary(node, program, 'multiply') }),
];
