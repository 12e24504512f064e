import { DequantizeLinear, type Graph, type Node } from '@octavo/core/ir';

/** Bytes that may be read and written for every byte that a graph stores, and for a graph that stores none. */
const TIMES_STORED = 32;
const LEAST_BYTES = 32 * 2 ** 20;

/** The most multiplications of one node, if each element of its result took all of its operands. */
const MOST_PRODUCTS = 2 ** 30;

/** Ops whose work is not in proportion to what they read and write. */
const PRODUCTS = /Attention|Conv|Einsum|Gemm|GRU|LSTM|MatMul|MoE|RNN/;

/**
 * What constant folding has done to a graph so far, held against what its size allows: a small file can ask for any
 * amount of work, and what is not folded is computed in a run.
 */
export class FoldingWork {
  private readonly left = new WeakMap<Graph, { bytes: number }>();
  private current = { bytes: 0 };

  /** From here on nodes are of this graph. */
  begin(graph: Graph): void {
    let left = this.left.get(graph);
    if (!left) {
      const stored = graph.initializers.reduce((sum, { constant }) => sum + (constant?.byteLength ?? 0), 0);
      left = { bytes: LEAST_BYTES + TIMES_STORED * stored };
      this.left.set(graph, left);
    }
    this.current = left;
  }

  /** Whether there is room for a node, which is then counted. Weights are dequantized at any cost: runs need them. */
  affords(node: Node, inputBytes: number, outputBytes: number): boolean {
    if (DequantizeLinear.is(node)) return true;
    if (PRODUCTS.test(node.op.name) && inputBytes * outputBytes > 16 * MOST_PRODUCTS) return false;
    this.current.bytes -= inputBytes + outputBytes;
    return this.current.bytes >= 0;
  }
}
