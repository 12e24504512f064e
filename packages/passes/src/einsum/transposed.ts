import { type Graph, Transpose, type Value } from '@octavo/core/ir';
import type { Term } from './term.js';

/** A value with its axes in another order. */
export function transposed(graph: Graph, { value, labels }: Term, to: readonly string[]): Value {
  const perm = to.map((label) => labels.indexOf(label));
  if (perm.every((axis, index) => axis === index)) return value;
  return graph.emit(Transpose, { data: value }, { perm }).output ?? value;
}
