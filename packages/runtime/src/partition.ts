import type { Backend } from '@octavo/backend';
import type { Graph, Node, Value } from '@octavo/core/ir';
import { SessionError } from './session-error.js';

/** Why a backend of higher preference does not run a node. */
export interface Decline {
  readonly backend: string;
  readonly reason: string;
}

/** Nodes that one backend runs in one go, in topological order. */
export interface Partition {
  readonly backend: Backend;
  readonly nodes: readonly Node[];
  readonly declined: ReadonlyMap<Node, readonly Decline[]>;
}

/**
 * Gives each node to the first backend that supports it, and groups the nodes in as few parts as an order that keeps
 * operands before their readers allows: a crossing between backends costs more than what it moves.
 * @throws SessionError `OP_UNSUPPORTED` naming every op that no backend runs, with the reasons.
 */
export function partition(graph: Graph, backends: readonly Backend[]): Partition[] {
  const choices = chooseBackends(graph, backends);
  const [best = []] = backends
    .map((first) => group([...choices.keys()], (node) => choices.get(node)?.backend, first))
    .sort((a, b) => a.length - b.length);
  return best.map(({ backend, nodes }) => ({
    backend,
    nodes,
    declined: new Map(nodes.map((node) => [node, choices.get(node)?.declined ?? []])),
  }));
}

/** Which backend runs each node, in topological order. */
function chooseBackends(
  graph: Graph,
  backends: readonly Backend[],
): Map<Node, { backend: Backend; declined: readonly Decline[] }> {
  const choices = new Map<Node, { backend: Backend; declined: readonly Decline[] }>();
  const stranded: { node: Node; declined: readonly Decline[] }[] = [];
  for (const node of graph.sorted()) {
    const { backend, declined } = choose(graph, node, backends);
    if (backend) choices.set(node, { backend, declined });
    else stranded.push({ node, declined });
  }
  if (stranded.length > 0) throw unsupportedError(stranded);
  return choices;
}

/**
 * Takes all nodes of one backend that can run, then all of another, and so on. With two backends no order has fewer
 * parts, but for the choice of the first.
 * @param sorted In topological order.
 */
function group(
  sorted: readonly Node[],
  backendOf: (node: Node) => Backend | undefined,
  first: Backend,
): { readonly backend: Backend; readonly nodes: readonly Node[] }[] {
  const groups: { readonly backend: Backend; readonly nodes: readonly Node[] }[] = [];
  const waiting = new Set(sorted);
  for (let backend: Backend | undefined = first; backend && waiting.size > 0; ) {
    const nodes: Node[] = [];
    for (const node of waiting) {
      if (
        backendOf(node) !== backend ||
        node.operands.some(({ producer }) => producer && waiting.has(producer))
      )
        continue;
      waiting.delete(node);
      nodes.push(node);
    }
    if (nodes.length > 0) groups.push({ backend, nodes });
    const [next] = waiting;
    backend = next && backendOf(next);
  }
  return groups;
}

/** The values that a partition takes from others, and those that others or the graph's outputs need from it. */
export function boundary(graph: Graph, nodes: readonly Node[]): { inputs: Value[]; outputs: Value[] } {
  const own = new Set(nodes);
  const inputs = new Set<Value>();
  const outputs = new Set<Value>();
  for (const node of nodes) {
    for (const value of node.operands) {
      if (!value.constant && (!value.producer || !own.has(value.producer))) inputs.add(value);
    }
    for (const value of node.outputs) {
      if (value && (graph.isOutput(value) || value.users.some((user) => !own.has(user)))) outputs.add(value);
    }
  }
  return { inputs: [...inputs], outputs: [...outputs] };
}

function choose(
  graph: Graph,
  node: Node,
  backends: readonly Backend[],
): { backend: Backend | undefined; declined: Decline[] } {
  const declined: Decline[] = [];
  const context = { graph, opset: graph.opsets.get(node.op.domain) ?? graph.opset };
  for (const backend of backends) {
    const support = backend.supports(node, context);
    if (support.supported) return { backend, declined };
    if (support.reason) declined.push({ backend: backend.id, reason: support.reason });
  }
  return { backend: undefined, declined };
}

function unsupportedError(stranded: readonly { node: Node; declined: readonly Decline[] }[]): SessionError {
  const byOp = new Map<string, string>();
  for (const { node, declined } of stranded) {
    const op = node.op.domain ? `${node.op.domain}.${node.op.name}` : node.op.name;
    const reasons = declined.map(({ backend, reason }) => `${backend}: ${reason}`).join('; ');
    if (!byOp.has(op)) byOp.set(op, `${op} (first at ${node.label}; ${reasons})`);
  }
  return new SessionError({
    code: 'OP_UNSUPPORTED',
    message: `no backend runs ${[...byOp.values()].join(', ')}.`,
    remedy: 'Use the onnxruntime backend, or plug in a backend that has the op.',
  });
}
