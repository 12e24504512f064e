import { Cast, type Graph, type Value } from '@octavo/core/ir';
import { DTYPES, type DType, widenedConstant } from '@octavo/core/tensor';
import { lastingConstant } from '../lasting-constant.js';

/** Halves as float32: a constant once, other values in each run. */
export function widened(graph: Graph, value: Value): Value {
  const constant = lastingConstant(graph, value);
  return constant
    ? graph.addInitializer(value.name, widenedConstant(constant))
    : cast(graph, value, 'float32');
}

/** A value as another type of element. */
export function cast(graph: Graph, value: Value, dtype: DType): Value {
  return graph.emit(Cast, { input: value }, { to: DTYPES[dtype].onnx }).output ?? value;
}
