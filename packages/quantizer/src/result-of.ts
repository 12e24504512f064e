import { Add, Clip, Clip6, type Graph, type Node, Relu, type Value } from '@octavo/core/ir';
import { isComputeOp } from './compute-ops.js';

/** What a node's consumers read: its output, or the output of the Relu or Clip that belongs to it. */
export function resultOf(graph: Graph, node: Node): Value | undefined {
  const { output } = node;
  const tail = output && !graph.isOutput(output) ? activationTail(node) : undefined;
  return tail?.output ?? output;
}

/** Everything that a node's consumers read of it: {@link resultOf}, or its outputs where there are several. */
export function resultsOf(graph: Graph, node: Node): readonly Value[] {
  const outputs = node.outputs.filter((value) => value !== undefined);
  if (outputs.length > 1) return outputs;
  const result = resultOf(graph, node);
  return result ? [result] : [];
}

/** The Relu, or Clip with constant bounds, that is the only reader of a compute or Add node, if any. */
function activationTail(node: Node): Node | undefined {
  if (!isComputeOp(node) && !Add.is(node)) return undefined;
  const users = node.output?.users ?? [];
  const [user] = users;
  if (users.length !== 1 || !user || !(Relu.is(user) || Clip.is(user) || Clip6.is(user))) return undefined;
  const [clamped, ...bounds] = user.inputs;
  return clamped === node.output && bounds.every((bound) => !bound || bound.constant) ? user : undefined;
}
