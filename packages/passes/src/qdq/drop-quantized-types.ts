import { type Graph, tensorType, type Value } from '@octavo/core/ir';

/** Makes quantized values plain integers of their storage; returns those that it changed. */
export function dropQuantizedTypes(graph: Graph): Value[] {
  const dropped: Value[] = [];
  for (const value of graph.values) {
    if (!value.quantized || !value.dtype) continue;
    value.type = tensorType(value.dtype, value.shape);
    dropped.push(value);
  }
  return dropped;
}
