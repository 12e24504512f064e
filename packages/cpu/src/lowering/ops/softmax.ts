import { supportUnless } from '@octavo/backend';
import { LogSoftmax, LogSoftmax1, type Node, Softmax, Softmax1 } from '@octavo/core/ir';
import { elementCount, normalizeAxis } from '@octavo/core/tensor';
import { declineFloats } from '../float-values.js';
import { axisOrder } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { Operand } from '../operand.js';
import type { ProgramBuilder } from '../program-builder.js';
import { required, shapeOf, valueBytes } from '../static-value.js';
import { emitPermuted } from './permuted.js';

type RowFunction = 'softmax' | 'log_softmax';

function supports(node: Node) {
  return supportUnless(declineFloats([node.inputs[0]]));
}

function emitRows(program: ProgramBuilder, name: RowFunction, from: Operand, to: Operand, columns: number) {
  const elements = to.bytes / Float32Array.BYTES_PER_ELEMENT;
  const rows = columns === 0 ? 0 : elements / columns;
  program.emit({ name, operands: [from, to], words: [rows, columns] });
}

/** Rows are lines of one axis: in place where it is the innermost in memory, else in a copy in which it is. */
function alongAxis(node: Node, program: ProgramBuilder, name: RowFunction, along: number): void {
  const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
  const shape = shapeOf(input);
  const axis = normalizeAxis(along, shape.length);
  const columns = shape[axis] ?? 1;
  const layout = program.layoutOf(input);
  const order = axisOrder(shape.length, layout);
  const inner = order.slice(order.indexOf(axis) + 1);
  if (inner.every((each) => shape[each] === 1)) {
    const from = program.operand(input, layout);
    emitRows(program, name, from, program.output(output, { layout, over: from }), columns);
    return;
  }
  const rows = program.scratch(valueBytes(input));
  const last = [...shape.keys()].filter((each) => each !== axis).concat(axis);
  emitPermuted(program, input, { operand: rows, order: last }, 'gather');
  emitRows(program, name, rows, rows, columns);
  emitPermuted(program, output, { operand: rows, order: last }, 'scatter');
}

/** All axes from one on are a row together. */
function fromAxis(node: Node, program: ProgramBuilder, name: RowFunction, first: number): void {
  const input = required(node.inputs[0], node);
  const shape = shapeOf(input);
  const axis = first === shape.length ? first : normalizeAxis(first, shape.length);
  const from = program.operand(input);
  const to = program.output(required(node.output, node), { over: from });
  emitRows(program, name, from, to, elementCount(shape.slice(axis)));
}

/** Softmax and its logarithm. */
export const softmaxLowerings: readonly Lowering[] = [
  defineLowering(Softmax, {
    supports,
    lower: ({ node, attributes }, program) => alongAxis(node, program, 'softmax', attributes.axis),
  }),
  defineLowering(LogSoftmax, {
    supports,
    lower: ({ node, attributes }, program) => alongAxis(node, program, 'log_softmax', attributes.axis),
  }),
  defineLowering(Softmax1, {
    supports,
    lower: ({ node, attributes }, program) => fromAxis(node, program, 'softmax', attributes.axis),
  }),
  defineLowering(LogSoftmax1, {
    supports,
    lower: ({ node, attributes }, program) => fromAxis(node, program, 'log_softmax', attributes.axis),
  }),
];
