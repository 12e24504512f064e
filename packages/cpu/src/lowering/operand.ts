import type { ConstantHandle } from '../binding.js';

/** What ops compute: in the arena, or one of the program's outputs. */
export interface ComputedBlock {
  readonly kind: 'computed';
  readonly bytes: number;
}

/** Memory that is placed as a whole. */
export type Block =
  | ComputedBlock
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'constant'; readonly handle: ConstantHandle }
  /** The program's small constants. */
  | { readonly kind: 'pool' };

/** A stretch of a block that an op reads or writes. */
export interface Operand {
  readonly block: Block;
  /** In bytes, from the start of the block. */
  readonly offset: number;
  readonly bytes: number;
}

/** One op of a program: `operands` and `words` are in the order that the head of its C++ file gives. */
export interface ProgramOp {
  /** Its name in `native/src/program/ops.inc`. */
  readonly name: string;
  /** Undefined where an optional operand is left out. */
  readonly operands: readonly (Operand | undefined)[];
  /** Integers of 32 bits; {@link floatWord} makes one from a number. */
  readonly words: readonly number[];
}

/** A float32 as the word that an op reads it from. */
export function floatWord(value: number): number {
  const bits = new DataView(new ArrayBuffer(Float32Array.BYTES_PER_ELEMENT));
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}
