import type { Node, Value } from '@octavo/core/ir';

/** The output of a node that has one. */
export function outputOf({ outputs: [output] }: Node): Value {
  if (!output) throw new Error('the node has no output');
  return output;
}
