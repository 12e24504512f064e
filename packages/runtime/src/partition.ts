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
  const sorted = graph.sorted();
  const { chosen, declined } = chooseBackends(graph, sorted, backends);
  const [only, ...others] = new Set(chosen.values());
  if (!only) return [];
  if (others.length === 0) return [{ backend: only, nodes: sorted, declined }];
  const [best = []] = backends
    .map((first) => group(sorted, chosen, first))
    .sort((a, b) => a.length - b.length);
  return best.map(({ backend, nodes }) => ({ backend, nodes, declined }));
}

interface Choices {
  readonly chosen: ReadonlyMap<Node, Backend>;
  /** Of the nodes that a backend of higher preference gave a reason for. */
  readonly declined: ReadonlyMap<Node, readonly Decline[]>;
}

/** Which backend runs each node. */
function chooseBackends(graph: Graph, sorted: readonly Node[], backends: readonly Backend[]): Choices {
  const chosen = new Map<Node, Backend>();
  const declined = new Map<Node, readonly Decline[]>();
  const stranded: Node[] = [];
  for (const node of sorted) {
    const context = { graph, opset: graph.opsetOf(node) };
    for (const backend of backends) {
      const support = backend.supports(node, context);
      if (support.supported) {
        chosen.set(node, backend);
        break;
      }
      if (!support.reason) continue;
      const others = declined.get(node) ?? [];
      declined.set(node, [...others, { backend: backend.id, reason: support.reason }]);
    }
    if (!chosen.has(node)) stranded.push(node);
  }
  if (stranded.length > 0) throw unsupportedError(stranded, declined);
  return { chosen, declined };
}

/**
 * Takes all nodes of one backend that can run, then all of another, and so on. With two backends no order has fewer
 * parts, but for the choice of the first.
 * @param sorted In topological order.
 */
function group(
  sorted: readonly Node[],
  chosen: ReadonlyMap<Node, Backend>,
  first: Backend,
): { readonly backend: Backend; readonly nodes: readonly Node[] }[] {
  const groups: { readonly backend: Backend; readonly nodes: readonly Node[] }[] = [];
  const waiting = new Set(sorted);
  for (let backend: Backend | undefined = first; backend && waiting.size > 0; ) {
    const nodes: Node[] = [];
    for (const node of waiting) {
      if (chosen.get(node) !== backend || readsFrom(node, waiting)) continue;
      waiting.delete(node);
      nodes.push(node);
    }
    if (nodes.length > 0) groups.push({ backend, nodes });
    const [next] = waiting;
    backend = next && chosen.get(next);
  }
  return groups;
}

/** Whether a node reads what one of some nodes computes. */
function readsFrom({ operands }: Node, nodes: ReadonlySet<Node>): boolean {
  for (const { producer } of operands) if (producer && nodes.has(producer)) return true;
  return false;
}

/** The values that a partition takes from others, and those that others or the graph's outputs need from it. */
export function boundary(graph: Graph, nodes: readonly Node[]): { inputs: Value[]; outputs: Value[] } {
  const own = new Set(nodes);
  const hasOthers = nodes.length < graph.nodes.length;
  const inputs = new Set<Value>();
  const outputs: Value[] = [];
  for (const node of nodes) {
    for (const value of node.operands) {
      if (value.constant) continue;
      const { producer } = value;
      if (!producer || !own.has(producer)) inputs.add(value);
    }
    for (const value of node.outputs) {
      if (!value) continue;
      if (graph.outputs.includes(value) || (hasOthers && isReadOutside(value, own))) outputs.push(value);
    }
  }
  return { inputs: [...inputs], outputs };
}

function isReadOutside({ users }: Value, own: ReadonlySet<Node>): boolean {
  for (const user of users) if (!own.has(user)) return true;
  return false;
}

function unsupportedError(stranded: readonly Node[], declined: Choices['declined']): SessionError {
  const byOp = new Map<string, string>();
  for (const node of stranded) {
    const op = node.op.domain ? `${node.op.domain}.${node.op.name}` : node.op.name;
    const reasons = (declined.get(node) ?? [])
      .map(({ backend, reason }) => `${backend}: ${reason}`)
      .join('; ');
    if (!byOp.has(op)) byOp.set(op, `${op} (first at ${node.label}; ${reasons})`);
  }
  return new SessionError({
    code: 'OP_UNSUPPORTED',
    message: `no backend runs ${[...byOp.values()].join(', ')}.`,
    remedy: 'Use the onnxruntime backend, or plug in a backend that has the op.',
  });
}
