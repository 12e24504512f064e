import type { Node, Value } from '@octavo/core/ir';

/** Nodes on a path from one of the values `from` to one of the values `to`; an empty list bounds nothing. */
export function nodesBetween(from: readonly Value[], to: readonly Value[]): ReadonlySet<Node> {
  const after = reach(
    from.flatMap((value) => value.users),
    (node) => node.outputs.flatMap((value) => value?.users ?? []),
  );
  const before = reach(
    to.flatMap((value) => value.producer ?? []),
    (node) => node.operands.flatMap((value) => value.producer ?? []),
  );
  if (from.length === 0) return before;
  return to.length === 0 ? after : new Set([...after].filter((node) => before.has(node)));
}

function reach(starts: readonly Node[], next: (node: Node) => readonly Node[]): Set<Node> {
  const found = new Set<Node>();
  const stack = [...starts];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    stack.push(...next(node));
  }
  return found;
}
