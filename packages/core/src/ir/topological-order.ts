import { GraphError } from '../tensor/index.js';
import type { Node } from './node.js';

/**
 * The nodes of a graph with each behind those whose outputs it reads, otherwise in the order given.
 * @throws GraphError `GRAPH_CYCLE`.
 */
export function inTopologicalOrder(nodes: readonly Node[]): readonly Node[] {
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i];
    if (node) node.position = i;
  }
  return isSorted(nodes) ? nodes : reordered(nodes);
}

/** Reads positions instead of a set: most graphs are sorted, and are looked at after every edit. */
function isSorted(nodes: readonly Node[]): boolean {
  for (let i = 0; i < nodes.length; i++) {
    const operands = nodes[i]?.operands ?? [];
    for (let k = 0; k < operands.length; k++) {
      const producer = operands[k]?.producer;
      if (producer && producer.position >= i && nodes[producer.position] === producer) return false;
    }
  }
  return true;
}

function reordered(nodes: readonly Node[]): readonly Node[] {
  const waiting = nodes.map(computedOperands);
  const order: Node[] = [];
  const stack: Node[] = [];
  for (let start = 0; start < nodes.length; start++) {
    const first = nodes[start];
    if (first && waiting[start] === 0) stack.push(first);
    for (let node = stack.pop(); node; node = stack.pop()) {
      order.push(node);
      const users = usersOf(node);
      for (let i = 0; i < users.length; i++) {
        const user = users[i];
        if (!user) continue;
        const left = (waiting[user.position] ?? 0) - 1;
        waiting[user.position] = left;
        // Nodes further on have their turn there.
        if (left === 0 && user.position <= start) stack.push(user);
      }
    }
  }
  if (order.length === nodes.length) return order;
  const stuck = nodes[waiting.findIndex((count) => count > 0)];
  throw new GraphError({
    code: 'GRAPH_CYCLE',
    where: `node ${stuck?.label ?? ''}`,
    message: 'it depends on its own output.',
  });
}

/** The nodes that read a node's outputs, each once an output. */
function usersOf({ output, outputs }: Node): readonly Node[] {
  return outputs.length > 1 ? outputs.flatMap((value) => value?.users ?? []) : (output?.users ?? []);
}

/** How many values a node reads that other nodes compute. */
function computedOperands({ operands }: Node): number {
  let count = 0;
  for (let i = 0; i < operands.length; i++) {
    const value = operands[i];
    if (value?.producer && operands.indexOf(value) === i) count++;
  }
  return count;
}
