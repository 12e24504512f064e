import { storedConstant } from './constant-value.js';
import type { Node } from './node.js';
import type { Dim, Value, ValueType } from './value.js';

/** What type inference found out about a node, so that it need not look again while nothing that it saw changes. */
export interface InferredNode {
  /** All that it saw: operands with their types, elements and known dimensions, attributes, op set. */
  readonly seen: readonly unknown[];
  /** The types that it left the outputs with. */
  readonly types: readonly (ValueType | undefined)[];
  /** Elements of the first output, where that is a shape. */
  readonly dims: readonly Dim[] | undefined;
}

/** What inference sees of a node, to be compared by identity. */
export function seenOf(
  node: Node,
  opset: number,
  known: ReadonlyMap<Value, readonly Dim[] | undefined>,
): readonly unknown[] {
  const seen: unknown[] = [opset, ...node.attributes.keys(), ...node.attributes.values()];
  for (const value of node.inputs)
    seen.push(value, value?.type, storedConstant(value), value && known.get(value));
  return seen;
}

export function isCurrent(found: InferredNode, node: Node, seen: readonly unknown[]): boolean {
  return (
    found.seen.length === seen.length &&
    found.seen.every((each, i) => each === seen[i]) &&
    found.types.length === node.outputs.length &&
    node.outputs.every((value, i) => value?.type === found.types[i])
  );
}
