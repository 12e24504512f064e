import { type Graph, Reshape, type Value } from '@octavo/core/ir';
import { int64, StoredTensor } from '@octavo/core/tensor';

/** A value with the same elements in another shape. */
export function reshaped(graph: Graph, value: Value, shape: readonly number[]): Value {
  const target = graph.addInitializer('shape', StoredTensor.of(int64(shape)));
  return graph.emit(Reshape, { data: value, shape: target }).output ?? value;
}
