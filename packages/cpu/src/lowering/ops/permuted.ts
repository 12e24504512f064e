import type { Value } from '@octavo/core/ir';
import { stridesOf } from '@octavo/core/tensor';
import { copyOp } from '../copy.js';
import { layoutStrides } from '../layout.js';
import type { Operand } from '../operand.js';
import type { ProgramBuilder } from '../program-builder.js';
import { elementBytes, shapeOf } from '../static-value.js';

/** Elements of a value with its axes in another order, outermost first. */
export interface PermutedElements {
  readonly operand: Operand;
  readonly order: readonly number[];
}

/** Copies a value's elements into another order of its axes (`gather`), or gives the value from them (`scatter`). */
export function emitPermuted(
  program: ProgramBuilder,
  value: Value,
  { operand, order }: PermutedElements,
  direction: 'gather' | 'scatter',
): void {
  const shape = shapeOf(value);
  const stored = stridesOf(order.map((axis) => shape[axis] ?? 1));
  const strides = shape.map((_, axis) => stored[order.indexOf(axis)] ?? 1);
  if (direction === 'scatter') {
    const to = { operand: program.output(value), strides: layoutStrides(shape, 'nchw') };
    program.emit(copyOp(shape, elementBytes(value), { operand, strides }, to));
    return;
  }
  const layout = program.layoutOf(value);
  const from = { operand: program.operand(value, layout), strides: layoutStrides(shape, layout) };
  program.emit(copyOp(shape, elementBytes(value), from, { operand, strides }));
}
