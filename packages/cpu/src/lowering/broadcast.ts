import type { Value } from '@octavo/core/ir';
import { elementCount, type Shape } from '@octavo/core/tensor';
import { inMemoryOrder, type Layout } from './layout.js';
import type { Operand } from './operand.js';
import type { ProgramBuilder } from './program-builder.js';
import { shapeOf } from './static-value.js';

/** Axes that elementwise ops take. */
const MOST_AXES = 8;

/** An operand of an elementwise op: where it lies, and its sizes in the order of memory. */
export interface BroadcastOperand {
  readonly operand: Operand;
  readonly sizes: readonly number[];
}

/** The layout in which an elementwise op of these values is best computed. */
export function broadcastLayout(program: ProgramBuilder, values: readonly Value[], shape: Shape): Layout {
  let layout: Layout = 'nchw';
  for (const value of values) {
    if (!hasLayouts(value, shape)) return 'nchw';
    if (value.constant || shapeOf(value).length !== shape.length) continue;
    if (program.layoutOf(value) === 'nhwc') layout = 'nhwc';
  }
  return layout;
}

/** A value as an elementwise op of result `shape` reads it in a layout that {@link broadcastLayout} chose. */
export function broadcastOperand(
  program: ProgramBuilder,
  value: Value,
  shape: Shape,
  layout: Layout,
): BroadcastOperand {
  const own = shapeOf(value);
  const isFull = own.length === shape.length;
  const padded = isFull ? own : [...new Array<number>(shape.length - own.length).fill(1), ...own];
  return {
    operand: program.operand(value, isFull ? layout : 'nchw'),
    sizes: inMemoryOrder(padded, layout),
  };
}

/** The words of both operands' sizes: `native/src/program/broadcast_reader.h`. */
export function broadcastWords(a: BroadcastOperand, b: BroadcastOperand): readonly number[] {
  return [a.sizes.length].concat(a.sizes, b.sizes.length, b.sizes);
}

/** Why an elementwise op does not take a result of `shape`, or undefined when it does. */
export function declineAxes(shape: Shape): string | undefined {
  return shape.length > MOST_AXES ? `its result has more than ${MOST_AXES} axes` : undefined;
}

/** The operand that the result may replace: of its size, and in other memory than the other. */
export function overOf(
  a: BroadcastOperand,
  b: BroadcastOperand,
  layout: Layout,
  elements: number,
): { readonly layout: Layout; readonly over?: Operand } {
  const areApart = a.operand === b.operand || a.operand.block !== b.operand.block;
  if (!areApart) return { layout };
  if (elementCount(a.sizes) === elements) return { layout, over: a.operand };
  return elementCount(b.sizes) === elements ? { layout, over: b.operand } : { layout };
}

/** A value of fewer axes has the same elements in both layouts where at most one axis is not 1. */
function hasLayouts(value: Value, shape: Shape): boolean {
  const own = shapeOf(value);
  if (own.length === shape.length) return true;
  let axes = 0;
  for (const size of own) if (size !== 1) axes++;
  return axes <= 1;
}
