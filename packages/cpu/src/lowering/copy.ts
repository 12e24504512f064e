import type { Shape } from '@octavo/core/tensor';
import { type Layout, layoutStrides } from './layout.js';
import type { Operand, ProgramOp } from './operand.js';

/** Dimensions that the copy op takes. */
export const MOST_COPY_AXES = 8;

/** One side of a copy, in elements. */
export interface CopySide {
  readonly operand: Operand;
  /** The element of index (0, 0, ...); 0 by default. */
  readonly first?: number;
  /** From one element to the next along each axis; may be 0 (repeats) or negative on the side that is read. */
  readonly strides: readonly number[];
}

/** Moves the elements of one index space of `shape` from one strided array to another. */
export function copyOp(shape: Shape, elementBytes: number, from: CopySide, to: CopySide): ProgramOp {
  const words = [elementBytes, from.first ?? 0, to.first ?? 0, shape.length];
  for (let axis = 0; axis < shape.length; axis++)
    words.push(shape[axis] ?? 1, from.strides[axis] ?? 0, to.strides[axis] ?? 0);
  return { name: 'copy', operands: [from.operand, to.operand], words };
}

/** Stores a value of `shape` in another layout. */
export function layoutCopy(
  shape: Shape,
  elementBytes: number,
  from: { readonly operand: Operand; readonly layout: Layout },
  to: { readonly operand: Operand; readonly layout: Layout },
): ProgramOp {
  return copyOp(
    shape,
    elementBytes,
    { operand: from.operand, strides: layoutStrides(shape, from.layout) },
    { operand: to.operand, strides: layoutStrides(shape, to.layout) },
  );
}
