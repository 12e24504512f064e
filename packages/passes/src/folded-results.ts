import type { Attribute, Node, Op } from '@octavo/core/ir';
import type { StoredTensor } from '@octavo/core/tensor';

interface Entry {
  readonly op: Op;
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly inputs: readonly (StoredTensor | undefined)[];
  readonly results: readonly StoredTensor[];
}

/** Smaller results are computed again sooner than they are found. */
const LEAST_ELEMENTS = 4096;

/**
 * What was folded in one graph of a model, for its other graphs: copies of a node have its op, attributes and constants,
 * and what they give is then one constant for all of them, which backends pack once.
 */
export class FoldedResults {
  private readonly byFirstInput = new WeakMap<StoredTensor, Entry[]>();

  /** The results of a node with these inputs, if they were kept. */
  find({ op, attributes }: Node, inputs: Entry['inputs']): readonly StoredTensor[] | undefined {
    const entries = inputs[0] && this.byFirstInput.get(inputs[0]);
    const same = entries?.find(
      (entry) => entry.op === op && entry.attributes === attributes && sameInputs(entry.inputs, inputs),
    );
    return same?.results;
  }

  /** @param results One for each output that is there. */
  keep({ op, attributes }: Node, inputs: Entry['inputs'], results: readonly StoredTensor[]): void {
    const first = inputs[0];
    if (!first || results.every(({ size }) => size < LEAST_ELEMENTS)) return;
    const entries = this.byFirstInput.get(first) ?? [];
    entries.push({ op, attributes, inputs, results });
    this.byFirstInput.set(first, entries);
  }
}

function sameInputs(a: Entry['inputs'], b: Entry['inputs']): boolean {
  return a.length === b.length && a.every((input, index) => input === b[index]);
}
