import { DequantizeLinear, type Graph, type Node } from '@octavo/core/ir';
import type { StoredTensor } from '@octavo/core/tensor';
import { operationsOf } from './operation-count.js';

/** Operations for every element that a model stores, and for a model that stores none. */
const TIMES_STORED = 256;
const LEAST_OPERATIONS = 2 ** 26;

/**
 * What constant folding may still do to a model, as its size allows: a small file can ask for any amount of work, and
 * what is not folded is computed in a run. All graphs of the model share it, as a file may hold any number of them.
 * Elements that are written count as operations, so that memory is bounded with them.
 */
export class FoldingWork {
  private allowed: number;
  private spent = 0;
  /** Beside all else: runs need the weights, which nothing before them may use up the room for. */
  private dequantized = 0;
  private readonly begun = new WeakSet<Graph>();
  /** Graphs share constants, and are copied and spliced with them: each allows work once. */
  private readonly counted = new WeakSet<StoredTensor>();
  private readonly before: FoldingWork | undefined;

  /**
   * @param before The work on the graphs that those of this one were made from: as much is allowed again, and no more
   *   for what it folded, or each round of folding would let the next do many times as much.
   */
  constructor(before?: FoldingWork) {
    this.before = before;
    this.allowed = before?.allowed ?? LEAST_OPERATIONS;
  }

  /**
   * Allows what a graph and those inside it store now, before anything is folded. Later calls change nothing. A branch
   * that is spliced into the graph has been counted with it.
   */
  begin(graph: Graph): void {
    if (this.begun.has(graph)) return;
    this.begun.add(graph);
    const captured = new Set(graph.captures);
    for (const value of graph.values) {
      const { constant } = value;
      if (!constant || captured.has(value)) continue;
      if (this.hasCounted(constant)) continue;
      this.counted.add(constant);
      this.allowed += TIMES_STORED * constant.size;
    }
    for (const node of graph.nestingNodes) for (const inner of node.subgraphs) this.begin(inner.graph);
  }

  /** Whether there is room for a node. As much again is allowed for dequantizing weights: several times all of them. */
  affords(node: Node): boolean {
    const spent = DequantizeLinear.is(node) ? this.dequantized : this.spent;
    return this.allowed - spent >= operationsOf(node);
  }

  /** Counts a node that was computed. */
  spend(node: Node): void {
    if (DequantizeLinear.is(node)) this.dequantized += operationsOf(node);
    else this.spent += operationsOf(node);
  }

  /** Keeps what was folded from allowing more work, in whatever graph it turns up. */
  folded(constant: StoredTensor): void {
    this.counted.add(constant);
  }

  private hasCounted(constant: StoredTensor): boolean {
    return this.counted.has(constant) || (this.before?.hasCounted(constant) ?? false);
  }
}
