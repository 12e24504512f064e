import { contradiction, type Dims, knownDim, productOfDims } from '../dims.js';
import type { Dim, Value } from '../value.js';

/** How many elements scales, zero points and the like may have besides one for all. */
export interface Groups {
  /** What each element is for, such as `column`. */
  readonly each: string;
  /** Null where it is not known yet. */
  readonly counts: readonly Dim[];
}

/** One number for the whole tensor. */
export const WHOLE: Groups = { each: 'tensor', counts: [] };

/** The rows of a left operand of a product: of a matrix, or of all matrices. */
export function rowsOf(shape: Dims): Groups {
  const counts = shape ? [shape.at(-2) ?? 1, productOfDims(shape.slice(0, -1))] : [null];
  return { each: 'row', counts };
}

/** The columns of a right operand of a product: of a matrix, or of all matrices. */
export function columnsOf(shape: Dims): Groups {
  if (!shape || shape.length < 2) return { each: 'column', counts: [shape ? 1 : null] };
  const columns = shape.at(-1) ?? null;
  return { each: 'column', counts: [columns, productOfDims([...shape.slice(0, -2), columns])] };
}

/** An axis of a tensor, from the front; none where the tensor has no such axis. */
export function axisOf(shape: Dims, axis: number, each: string): Groups {
  return { each, counts: [shape?.at(axis) ?? null] };
}

/**
 * Refuses operands, by the names that the op gives them, that have neither one element nor one for each group.
 * @throws GraphError `INFER_TYPES`.
 */
export function checkPerGroup(
  operands: Readonly<Record<string, Value | undefined>>,
  { each, counts }: Groups,
): void {
  if (!counts.every(knownDim)) return;
  for (const slot in operands) {
    const value = operands[slot];
    const size = value?.shape && productOfDims(value.shape);
    if (!knownDim(size) || size === 1 || counts.includes(size)) continue;
    const many = [...new Set(counts)].map((count) => `, or one for each ${each} (${count})`).join('');
    contradiction(
      `${slot} (tensor ${value?.name}) has ${size} elements; it takes one${many}.`,
      'Export or quantize the model again.',
    );
  }
}

/**
 * Refuses an operand, by the name that the op gives it, of another size than the op's attributes ask for; attributes that
 * ask for nothing are for whoever computes the op to refuse.
 * @throws GraphError `INFER_TYPES`.
 */
export function checkSize(slot: string, value: Value | undefined, expected: number, from: string): void {
  const size = value?.shape && productOfDims(value.shape);
  if (!knownDim(size) || size === expected || !Number.isSafeInteger(expected) || expected < 1) return;
  contradiction(
    `${slot} (tensor ${value?.name}) has ${size} elements; ${from} ask for ${expected}.`,
    'Export or quantize the model again.',
  );
}
