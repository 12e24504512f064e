import { type Support, supportUnless, unsupported } from '@octavo/backend';
import {
  Add,
  type AttributeSchema,
  Div,
  Max,
  Min,
  Mul,
  type Node,
  type OpDefinition,
  PRelu,
  type Slot,
  Sub,
  Sum,
} from '@octavo/core/ir';
import { broadcastShapes, elementCount } from '@octavo/core/tensor';
import {
  type BroadcastOperand,
  broadcastLayout,
  broadcastOperand,
  broadcastWords,
  declineAxes,
  overOf,
} from '../broadcast.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { Operand } from '../operand.js';
import type { ProgramBuilder } from '../program-builder.js';
import { required, shapeOf } from '../static-value.js';

function supportsElementwise(node: Node): Support {
  if (node.inputs.length === 0) return unsupported('it has no operands');
  return supportUnless(
    declineFloats([...node.inputs, node.output]) ?? declineAxes(shapeOf(required(node.output, node))),
  );
}

/** Emits `name` of two operands, over one of the result's shape where nobody else reads it. */
export function emitBinary(
  program: ProgramBuilder,
  name: string,
  [a, b]: readonly [BroadcastOperand, BroadcastOperand],
  to: Operand,
): void {
  program.emit({
    name: `binary_${name}`,
    operands: [a.operand, b.operand, to],
    words: broadcastWords(a, b),
  });
}

/** Folds the operands from the first to the last. */
function lowerElementwise(node: Node, program: ProgramBuilder, name: string): void {
  const output = required(node.output, node);
  const values = node.operands;
  const shape = shapeOf(output);
  const layout = broadcastLayout(program, values, shape);
  const last = values.length - 1;
  let left = broadcastOperand(program, required(values[0], node), shape, layout);
  if (last === 0) program.alias(output, required(values[0], node), layout);
  for (let index = 1; index <= last; index++) {
    const right = broadcastOperand(program, required(values[index], node), shape, layout);
    const sizes = broadcastShapes(left.sizes, right.sizes);
    const elements = elementCount(sizes);
    const to =
      index === last
        ? program.output(output, overOf(left, right, layout, elements))
        : program.scratch(elements * Float32Array.BYTES_PER_ELEMENT);
    emitBinary(program, name, [left, right], to);
    left = { operand: to, sizes };
  }
}

function elementwise<I extends readonly Slot[], O extends readonly Slot[], A extends AttributeSchema>(
  op: OpDefinition<I, O, A>,
  name: string,
): Lowering {
  return defineLowering(op, {
    supports: supportsElementwise,
    lower: ({ node }, program) => lowerElementwise(node, program, name),
  });
}

/** Functions of two or more floats, broadcast. */
export const binaryLowerings: readonly Lowering[] = [
  elementwise(Add, 'add'),
  elementwise(Sub, 'sub'),
  elementwise(Mul, 'mul'),
  elementwise(Div, 'div'),
  elementwise(PRelu, 'prelu'),
  elementwise(Min, 'min'),
  elementwise(Max, 'max'),
  elementwise(Sum, 'add'),
];
