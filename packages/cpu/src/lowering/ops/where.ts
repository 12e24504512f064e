import { supportUnless } from '@octavo/backend';
import { type Node, type Value, Where } from '@octavo/core/ir';
import { elementCount } from '@octavo/core/tensor';
import { declineAxes } from '../broadcast.js';
import { copyOp } from '../copy.js';
import { layoutStrides } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { Operand } from '../operand.js';
import type { ProgramBuilder } from '../program-builder.js';
import { dtypeOf, elementBytes, required, shapeOf } from '../static-value.js';

function declineChoice(node: Node): string | undefined {
  const values = [...node.inputs, node.output].map((value) => required(value, node));
  if (values.some(({ quantized }) => quantized)) return 'no kernel for quantized values';
  const [condition, x, y, output] = values.map(dtypeOf);
  if (condition !== 'bool') return `no kernel for conditions of ${condition}`;
  if (x !== y || x !== output) return 'its values differ in type';
  const bytes = elementBytes(required(node.output, node));
  if (![1, 2, 4, 8].includes(bytes))
    return `no kernel for elements of ${dtypeOf(required(node.output, node))}`;
  return declineAxes(shapeOf(required(node.output, node)));
}

/** One element for all, or an element for each of the result: anything between is repeated in a scratch array. */
function spread(value: Value, output: Value, program: ProgramBuilder): Operand {
  const [from, to] = [shapeOf(value), shapeOf(output)];
  const operand = program.operand(value);
  const count = elementCount(from);
  if (count === 1 || count === elementCount(to)) return operand;
  const dense = layoutStrides(from, 'nchw');
  const missing = to.length - from.length;
  const strides = to.map((_, axis) => ((from[axis - missing] ?? 1) === 1 ? 0 : (dense[axis - missing] ?? 0)));
  const bytes = elementBytes(value);
  const room = program.scratch(elementCount(to) * bytes);
  const target = { operand: room, strides: layoutStrides(to, 'nchw') };
  program.insert(copyOp(to, bytes, { operand, strides }, target));
  return room;
}

/** Choices between two values, element by element, whatever their type. */
export const whereLowerings: readonly Lowering[] = [
  defineLowering(Where, {
    supports: (node) => supportUnless(declineChoice(node)),
    lower: ({ node }, program) => {
      const output = required(node.output, node);
      const values = node.inputs.map((value) => required(value, node));
      const singles = values.map((value) => (elementCount(shapeOf(value)) === 1 ? 1 : 0));
      const operands = values.map((value) => spread(value, output, program));
      program.emit({
        name: 'where',
        operands: [...operands, program.output(output)],
        words: [elementBytes(output), elementCount(shapeOf(output)), ...singles],
      });
    },
  }),
];
