import type { StoredTensor } from '../../tensor/index.js';
import type { Graph } from '../graph.js';
import type { Node } from '../node.js';
import type { Value } from '../value.js';

/**
 * Removes `nodes` where nobody reads their outputs, then the producers and initializers that only they read.
 * Graph inputs and captures stay.
 */
export function eraseDead(graph: Graph, nodes: readonly (Node | undefined)[]): void {
  const stack = [...nodes];
  while (stack.length > 0) {
    const node = stack.pop();
    if (!node || !graph.has(node) || isRead(graph, node)) continue;
    const { operands } = node;
    graph.removeNode(node);
    operands.forEach((value) => {
      if (value.producer) stack.push(value.producer);
      else if (value.constant) eraseDeadConstant(graph, value);
    });
  }
}

/**
 * Puts constants in the place of a node, whose outputs keep their names and readers, and erases what only it needed.
 * @param constants By output position. Throws GraphError `GRAPH_IN_USE` where one is missing for an output that is read.
 */
export function fixNode(graph: Graph, node: Node, constants: readonly (StoredTensor | undefined)[]): void {
  const { operands } = node;
  graph.removeNode(node, constants);
  for (const value of operands) {
    if (value.producer) eraseDead(graph, [value.producer]);
    else if (value.constant) eraseDeadConstant(graph, value);
  }
}

/** Whether something reads an output of a node. */
export function isRead(graph: Graph, node: Node): boolean {
  return node.outputs.some((value) => value && graph.isUsed(value));
}

function eraseDeadConstant(graph: Graph, value: Value): void {
  const isFixed = graph.inputs.includes(value) || graph.captures.includes(value);
  const kept = graph.isUsed(value) || isFixed;
  if (!kept && graph.value(value.name) === value) graph.removeValue(value);
}

/**
 * Puts the freshly made `to` in the place of `from`: readers, graph outputs, type and name go over, and what only
 * `from` needed is erased. Names stay with the meaning, so values can be compared across passes.
 */
export function supersede(graph: Graph, from: Value, to: Value): void {
  const { name, producer } = from;
  graph.replaceAllUses(from, to);
  to.type ??= from.type;
  to.docString ||= from.docString;
  if (producer) eraseDead(graph, [producer]);
  else eraseDeadConstant(graph, from);
  if (graph.value(name) === from) graph.rename(from, graph.uniqueName(`${name}_before`));
  graph.rename(to, name);
}

/**
 * Why `from` cannot simply be replaced by the existing value `to`, or undefined when it can: a graph output keeps
 * its name, which an input, a constant or another output cannot take over.
 */
export function forwardProblem(graph: Graph, from: Value, to: Value): string | undefined {
  if (!graph.isOutput(from)) return undefined;
  const fixed = graph.inputs.includes(to) || graph.captures.includes(to);
  if (fixed) return `the graph output ${from.name} would become the input ${to.name}`;
  if (to.constant) return `the graph output ${from.name} would become a constant`;
  return graph.isOutput(to) ? `${from.name} and ${to.name} are both graph outputs` : undefined;
}

/**
 * Makes readers of `from` read the existing value `to`, which takes over the name of a graph output. Call only when
 * {@link forwardProblem} finds nothing.
 */
export function forward(graph: Graph, from: Value, to: Value): void {
  if (graph.isOutput(from)) {
    supersede(graph, from, to);
    return;
  }
  graph.replaceAllUses(from, to);
  eraseDead(graph, [from.producer]);
}
