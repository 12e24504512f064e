import { Add, Cast, type Graph, type Node, type Value } from '@octavo/core/ir';
import { DTYPES, type DType, isHalf, type StoredTensor, widenedConstant } from '@octavo/core/tensor';
import { lastingConstant } from '../lasting-constant.js';
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
  const cast = (input: Value, dtype: DType) =>
    graph.emit(Cast, { input }, { to: DTYPES[dtype].onnx }).output ?? input;
  const wide = (value: Value) => {
    if (!half) return value;
    const constant = lastingConstant(graph, value);
    return constant ? widened(graph, value.name, constant) : cast(value, 'float32');
  };
  return {
    sumOf: (first, ...others) =>
      others.reduce<Value>(
        (sum, term) => (term && graph.emit(Add, { A: sum, B: wide(term) }).output) ?? sum,
        wide(first),
      ),
    wide,
    narrow: (value, output) => {
      if (!value || !isUsed(graph, output)) return undefined;
      return half ? cast(value, half) : value;
    },
  };
}

/** One float32 form of a constant for all that read it. */
function widened(graph: Graph, name: string, half: StoredTensor): Value {
  const wide = widenedConstant(half);
  const known = graph.initializers.find(({ constant }) => constant === wide);
  return known ?? graph.addInitializer(`${name}_float32`, wide);
}
