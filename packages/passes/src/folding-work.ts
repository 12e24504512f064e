import { DequantizeLinear, type Graph, type Node } from '@octavo/core/ir';

/** Bytes that may be read and written for every byte that a graph stores, and for a graph that stores none. */
const TIMES_STORED = 32;
const LEAST_BYTES = 32 * 2 ** 20;

/** The most multiplications of one node, if each element of its result took all of its operands. */
const MOST_PRODUCTS = 2 ** 30;

/** Ops whose work is not in proportion to what they read and write. */
const PRODUCTS = /Attention|Conv|Einsum|Gemm|GRU|LSTM|MatMul|MoE|RNN/;

/** Bytes that folding may still read and write. */
interface Budget {
  bytes: number;
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
    const stored = graph.initializers.reduce((sum, { constant }) => sum + (constant?.byteLength ?? 0), 0);
    this.budgets.set(graph, { bytes: LEAST_BYTES + TIMES_STORED * stored });
  }

  /** Whether there is room for a node. Weights are dequantized at any cost: runs need them. */
  affords(graph: Graph, node: Node, inputBytes: number, outputBytes: number): boolean {
    if (DequantizeLinear.is(node)) return true;
    if (PRODUCTS.test(node.op.name) && inputBytes * outputBytes > 16 * MOST_PRODUCTS) return false;
    return (this.budgets.get(graph)?.bytes ?? 0) >= inputBytes + outputBytes;
  }

  /** Counts a node that was computed. */
  spend(graph: Graph, node: Node, bytes: number): void {
    const budget = this.budgets.get(graph);
    if (budget && !DequantizeLinear.is(node)) budget.bytes -= bytes;
  }
}
