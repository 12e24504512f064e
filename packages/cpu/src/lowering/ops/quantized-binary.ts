import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import { Add, Mul, type Node } from '@octavo/core/ir';
import { elementCount } from '@octavo/core/tensor';
import { type BroadcastOperand, broadcastLayout, broadcastOperand } from '../broadcast.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import type { ProgramBuilder } from '../program-builder.js';
import { declineBytes, parameterWords } from '../quantized-bytes.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';

/** Functions by the word that the native op takes. */
const FUNCTIONS = { add: 0, multiply: 1 } as const;

/** Axes that the native op takes. */
const MOST_AXES = 8;

function supports(node: Node): Support {
  const [a, b] = node.inputs;
  const values = [a, b, node.output];
  const reason = declineBytes(values);
  if (reason !== undefined) return unsupported(reason);
  if (new Set(values.map((value) => value?.dtype)).size > 1)
    return unsupported('its operands and result are int8 and uint8');
  return node.output && shapeOf(node.output).length > MOST_AXES
    ? unsupported(`its result has more than ${MOST_AXES} axes`)
    : SUPPORTED;
}

function lowerBinary(node: Node, program: ProgramBuilder, name: keyof typeof FUNCTIONS): void {
  const [a, b] = [required(node.inputs[0], node), required(node.inputs[1], node)];
  const output = required(node.output, node);
  const shape = shapeOf(output);
  const layout = broadcastLayout(program, [a, b], shape);
  const [left, right] = [a, b].map((value) => broadcastOperand(program, value, shape, layout));
  if (!left || !right) return;
  const over = overOf(left, right, elementCount(shape));
  program.emit({
    name: 'quantized_binary',
    operands: [
      left.operand,
      right.operand,
      program.output(output, over ? { layout, over: over.operand } : { layout }),
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

/** The operand that the result may replace: of its size, and in other memory than the other. */
function overOf(
  left: BroadcastOperand,
  right: BroadcastOperand,
  elements: number,
): BroadcastOperand | undefined {
  const areApart = left.operand === right.operand || left.operand.block !== right.operand.block;
  return areApart ? [left, right].find(({ sizes }) => elementCount(sizes) === elements) : undefined;
}

/** Sums and products of quantized values, with the bits of QLinearAdd and QLinearMul. */
export const quantizedBinaryLowerings: readonly Lowering[] = [
  defineLowering(Add, { supports, lower: ({ node }, program) => lowerBinary(node, program, 'add') }),
  defineLowering(Mul, { supports, lower: ({ node }, program) => lowerBinary(node, program, 'multiply') }),
];
