import { type Node, Transpose } from '@octavo/core/ir';

/** Where the axes of a Transpose's result come from; undefined when the rank is not known. */
export function orderOf(transpose: Node): readonly number[] | undefined {
  const { perm } = Transpose.attributes(transpose);
  if (perm) return perm;
  const rank = transpose.inputs[0]?.shape?.length;
  return rank === undefined ? undefined : Array.from({ length: rank }, (_, i) => rank - 1 - i);
}
