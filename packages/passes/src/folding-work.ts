import { DequantizeLinear, type Graph, type Node } from '@octavo/core/ir';
import { operationsOf } from './operation-count.js';

/** Operations for every element that a graph stores, and for a graph that stores none. */
const TIMES_STORED = 256;
const LEAST_OPERATIONS = 2 ** 26;

/** Operations that folding may still do. */
interface Budget {
  operations: number;
}

/**
 * What constant folding may still do to each graph, as its size allows: a small file can ask for any amount of work, and
 * what is not folded is computed in a run.
 */
export class FoldingWork {
  private readonly budgets = new WeakMap<Graph, Budget>();

  /** Sets what a graph allows by what it stores now, before anything is folded. Later calls change nothing. */
  begin(graph: Graph): void {
    if (this.budgets.has(graph)) return;
    const stored = graph.initializers.reduce((sum, { constant }) => sum + (constant?.size ?? 0), 0);
    this.budgets.set(graph, { operations: LEAST_OPERATIONS + TIMES_STORED * stored });
  }

  /** Whether there is room for a node. Weights are dequantized at any cost: runs need them. */
  affords(graph: Graph, node: Node): boolean {
    return DequantizeLinear.is(node) || (this.budgets.get(graph)?.operations ?? 0) >= operationsOf(node);
  }

  /** Counts a node that was computed. */
  spend(graph: Graph, node: Node): void {
    const budget = this.budgets.get(graph);
    if (budget && !DequantizeLinear.is(node)) budget.operations -= operationsOf(node);
  }
}
