import { Add, Clip, Clip6, type Graph, type Node, Relu, type Value } from '@octavo/core/ir';
import { bridgeData, bridgeKind } from './bridge-ops.js';
import { type ComputeParts, isComputeOp, takeCompute } from './compute-ops.js';
import type { Recipe } from './recipe.js';
import type { NodeDecision } from './report.js';
import { excludedBecause } from './selection.js';

/** Which nodes compute in integers and which activations are quantized for that. */
export interface StaticPlan {
  readonly compute: ReadonlyMap<Node, ComputeParts>;
  readonly bridges: ReadonlySet<Node>;
  /**
   * Activations to quantize. The key is the value itself, the entry the value whose range it takes: rearranged
   * elements share the parameters of their source.
   */
  readonly activations: ReadonlyMap<Value, Value>;
  readonly decisions: readonly NodeDecision[];
}

/**
 * Chooses the integer part of a prepared float graph: multiplications with constant weights, and the chains between
 * them that can stay in integers. A Relu or Clip right after such a node belongs to it: only its result is quantized,
 * and only where an integer node reads it: quantizing what float nodes read would lose accuracy for nothing.
 * @param float Nodes that must stay float, with the reason.
 */
export function planStatic(
  graph: Graph,
  recipe: Recipe,
  float: ReadonlyMap<Node, string> = new Map(),
): StaticPlan {
  const { compute, decisions } = chooseCompute(graph, recipe, float);
  const bridges = chooseBridges(graph, recipe, new Set(compute.keys()));
  const integer = (node: Node | undefined): boolean =>
    node !== undefined && (compute.has(node) || bridges.has(node));
  const activations = new Map<Value, Value>();
  const add = (value: Value, source: Value): void => {
    if (!activations.has(value)) activations.set(value, activations.get(source) ?? source);
  };
  for (const node of graph.sorted()) {
    const parts = compute.get(node);
    if (parts) add(parts.data, parts.data);
    if (!integer(node)) continue;
    const result = resultOf(graph, node);
    if (!result || (parts && !result.users.some(integer))) continue;
    const source = bridgeKind(node) === 'move' ? bridgeData(node)[0] : undefined;
    add(result, source ?? result);
  }
  for (const node of bridges)
    decisions.push({ node: node.label, op: node.op.name, quantized: true, because: 'between integer nodes' });
  return { compute, bridges, activations, decisions };
}

/** What a node's consumers read: its output, or the output of the Relu or Clip that belongs to it. */
export function resultOf(graph: Graph, node: Node): Value | undefined {
  const { output } = node;
  const tail = output && !graph.isOutput(output) ? activationTail(node) : undefined;
  return tail?.output ?? output;
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

function chooseCompute(
  graph: Graph,
  recipe: Recipe,
  float: ReadonlyMap<Node, string>,
): { compute: Map<Node, ComputeParts>; decisions: NodeDecision[] } {
  const compute = new Map<Node, ComputeParts>();
  const decisions: NodeDecision[] = [];
  for (const node of graph.sorted()) {
    if (!isComputeOp(node)) continue;
    const parts = float.get(node) ?? excludedBecause(node, recipe) ?? takeCompute(graph, node);
    if (typeof parts === 'string')
      decisions.push({ node: node.label, op: node.op.name, quantized: false, because: parts });
    else if (node.output && !graph.isOutput(node.output) && node.output.users.length === 0) continue;
    else compute.set(node, parts);
  }
  return { compute, decisions };
}

/** Bridges whose data all come from integer nodes and whose result goes to at least one integer node. */
function chooseBridges(graph: Graph, recipe: Recipe, compute: ReadonlySet<Node>): Set<Node> {
  const order = graph.sorted();
  const produced = new Set<Value>();
  const candidates = new Set<Node>();
  for (const node of order) {
    const isBridge =
      bridgeKind(node) !== undefined &&
      excludedBecause(node, { include: [], exclude: recipe.exclude }) === undefined &&
      bridgeData(node).every((value) => value !== undefined && produced.has(value));
    if (isBridge) candidates.add(node);
    const result = resultOf(graph, node);
    if ((isBridge || compute.has(node)) && result) produced.add(result);
  }
  const kept = new Set<Node>();
  for (const node of order.reverse()) {
    const users = resultOf(graph, node)?.users ?? [];
    if (candidates.has(node) && users.some((user) => compute.has(user) || kept.has(user))) kept.add(node);
  }
  return kept;
}
