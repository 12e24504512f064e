import type { Node, Value } from '@octavo/core/ir';

/** Who still reads the values of a subgraph while its nodes are lowered one after the other. */
export class Readers {
  readonly #kept: ReadonlySet<Value>;
  readonly #waiting: Set<Node>;

  /** @param kept Values that the program gives. */
  constructor(nodes: readonly Node[], kept: ReadonlySet<Value>) {
    this.#kept = kept;
    this.#waiting = new Set(nodes);
  }

  /** The node is lowered: its reads are over when the ops emitted so far have run. */
  finish(node: Node): void {
    this.#waiting.delete(node);
  }

  isWaiting(node: Node): boolean {
    return this.#waiting.has(node);
  }

  /** Whether no node but `reader` reads the value from now on, and the program does not give it. */
  isLastRead(value: Value, reader: Node): boolean {
    if (this.#kept.has(value)) return false;
    for (const user of value.users) if (user !== reader && this.#waiting.has(user)) return false;
    return true;
  }

  /** The node that is the only one to read a value; undefined where there are others or the program gives it. */
  soleReader(value: Value): Node | undefined {
    const { users } = value;
    const [reader] = users;
    if (!reader || users.length > 1 || this.#kept.has(value)) return undefined;
    return this.#waiting.has(reader) ? reader : undefined;
  }
}
