import type { Value } from '@octavo/core/ir';
import type { Layout } from './layout.js';
import type { Block, Operand } from './operand.js';

/** Where a value is. */
interface Stored {
  /** The layout that its producer chose. */
  readonly layout: Layout;
  operand: Operand;
  /** In the other layout, after a conversion. */
  converted: Operand | undefined;
}

/** Where the values of a program are: each in one layout, or in both after a conversion. */
export class ValueStore {
  readonly #stored = new Map<Value, Stored>();
  readonly #inBlock = new Map<Block, Value[]>();

  put(value: Value, layout: Layout, operand: Operand): void {
    const stored = this.#stored.get(value);
    if (!stored) this.#stored.set(value, { layout, operand, converted: undefined });
    else if (stored.layout === layout) stored.operand = operand;
    else stored.converted = operand;
    const values = this.#inBlock.get(operand.block);
    if (values) values.push(value);
    else this.#inBlock.set(operand.block, [value]);
  }

  has(value: Value): boolean {
    return this.#stored.has(value);
  }

  find(value: Value, layout: Layout): Operand | undefined {
    const stored = this.#stored.get(value);
    return stored?.layout === layout ? stored.operand : stored?.converted;
  }

  /** The layout that the value's producer chose; undefined before it is stored. */
  layoutOf(value: Value): Layout | undefined {
    return this.#stored.get(value)?.layout;
  }

  /** Every value that lies in a block, one that lies there in both layouts twice. */
  valuesIn(block: Block): readonly Value[] {
    return this.#inBlock.get(block) ?? [];
  }

  /** What lies in a block is about to be overwritten: nobody reads it any more. */
  overwrite(block: Block): void {
    this.#inBlock.delete(block);
  }
}
