import type { Node } from './node.js';
import type { Value } from './value.js';

/** The first output of a node whose op always has one. */
export function outputOf({ op, output }: Node): Value {
  if (!output) throw new Error(`${op.name} has an output`);
  return output;
}
