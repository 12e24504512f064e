import { Cast, type Graph, type Value } from '@octavo/core/ir';
import { DTYPES, type DType, widenedConstant } from '@octavo/core/tensor';
import { lastingConstant } from './lasting-constant.js';

/** Halves as float32: a constant once for all that read it, other values in each run. */
export function widened(graph: Graph, value: Value): Value {
  const half = lastingConstant(graph, value);
  if (!half) return cast(graph, value, 'float32');
  const wide = widenedConstant(half);
  const known = graph.initializers.find(({ constant }) => constant === wide);
  return known ?? graph.addInitializer(`${value.name}_float32`, wide);
}

/** A value as another type of element. */
export function cast(graph: Graph, value: Value, dtype: DType): Value {
  return graph.emit(Cast, { input: value }, { to: DTYPES[dtype].onnx }).output ?? value;
}
