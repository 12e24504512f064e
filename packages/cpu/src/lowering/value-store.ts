import type { Value } from '@octavo/core/ir';
import type { Layout } from './layout.js';
import type { Block, Operand } from './operand.js';

/** Where the values of a program are: each in one layout, or in both after a conversion. */
export class ValueStore {
  readonly #stored = new Map<Value, Map<Layout, Operand>>();
  readonly #inBlock = new Map<Block, Set<Value>>();

  put(value: Value, layout: Layout, operand: Operand): void {
    const stored = this.#stored.get(value) ?? new Map<Layout, Operand>();
    this.#stored.set(value, stored.set(layout, operand));
    const values = this.#inBlock.get(operand.block) ?? new Set<Value>();
    this.#inBlock.set(operand.block, values.add(value));
  }

  has(value: Value): boolean {
    return this.#stored.has(value);
  }

  find(value: Value, layout: Layout): Operand | undefined {
    return this.#stored.get(value)?.get(layout);
  }

  /** The layout that the value's producer chose; undefined before it is stored. */
  layoutOf(value: Value): Layout | undefined {
    return this.#stored.get(value)?.keys().next().value;
  }

  /** Every value that lies in a block. */
  valuesIn(block: Block): Iterable<Value> {
    return this.#inBlock.get(block) ?? [];
  }

  /** What lies in a block is about to be overwritten: nobody reads it any more. */
  overwrite(block: Block): void {
    this.#inBlock.delete(block);
  }
}
