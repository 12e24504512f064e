import type { TensorArray } from '@octavo/core/tensor';
import type { Block, Operand } from './operand.js';

const ALIGNMENT = 64;

/** Small constants of one program side by side in one block. */
export class ConstantPool {
  readonly #parts: { readonly offset: number; readonly data: TensorArray }[] = [];
  /** The block of every operand that {@link add} gives; its bytes are those of {@link bytes}. */
  readonly block: Block = { kind: 'pool' };
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(data: TensorArray): Operand {
    const offset = Math.ceil(this.#length / ALIGNMENT) * ALIGNMENT;
    this.#parts.push({ offset, data });
    this.#length = offset + data.byteLength;
    return { block: this.block, offset, bytes: data.byteLength };
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    for (const { offset, data } of this.#parts)
      bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    return bytes;
  }
}
