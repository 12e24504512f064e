import { Add, type Graph, type Node, type Value } from '@octavo/core/ir';
import { isHalf } from '@octavo/core/tensor';
import { cast, widened } from '../wide.js';
import { isUsed } from './is-used.js';

/** How the parts of a node compute: as onnxruntime does, which rounds halves where it is done and not in between. */
interface Precision {
  /** In the order of onnxruntime's sums, whose roundings are the same. */
  sumOf(first: Value, ...others: readonly (Value | undefined)[]): Value;
  wide(value: Value): Value;
  /** What takes the place of an output; undefined where nothing reads that. */
  narrow(value: Value | undefined, output: Value | undefined): Value | undefined;
}

/** The precision of a node of onnxruntime that adds first: float32 for halves. */
export function precisionOf(graph: Graph, node: Node): Precision {
  const half = node.inputs.map((value) => value?.dtype).find((dtype) => dtype && isHalf(dtype));
  const wide = (value: Value) => (half ? widened(graph, value) : value);
  return {
    sumOf: (first, ...others) =>
      others.reduce<Value>(
        (sum, term) => (term && graph.emit(Add, { A: sum, B: wide(term) }).output) ?? sum,
        wide(first),
      ),
    wide,
    narrow: (value, output) => {
      if (!value || !isUsed(graph, output)) return undefined;
      return half ? cast(graph, value, half) : value;
    },
  };
}
