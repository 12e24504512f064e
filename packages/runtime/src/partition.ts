import type { Backend } from '@octavo/backend';
import type { Graph, Node, Value } from '@octavo/core/ir';
import { SessionError } from './session-error.js';

/** Why a backend of higher preference does not run a node. */
export interface Decline {
  readonly backend: string;
  readonly reason: string;
}

/** A run of consecutive nodes for one backend. */
export interface Partition {
  readonly backend: Backend;
  readonly nodes: Node[];
  readonly declined: Map<Node, readonly Decline[]>;
}

/**
 * Gives each node, in topological order, to the first backend that supports it, and joins neighbours of one backend.
 * @throws SessionError `OP_UNSUPPORTED` naming every op that no backend runs, with the reasons.
 */
export function partition(graph: Graph, backends: readonly Backend[]): Partition[] {
  const partitions: Partition[] = [];
  const stranded: { node: Node; declined: readonly Decline[] }[] = [];
  for (const node of graph.sorted()) {
    const { backend, declined } = choose(graph, node, backends);
    if (!backend) {
      stranded.push({ node, declined });
      continue;
    }
    let last = partitions.at(-1);
    if (last?.backend !== backend) {
      last = { backend, nodes: [], declined: new Map() };
      partitions.push(last);
    }
    last.nodes.push(node);
    last.declined.set(node, declined);
  }
  if (stranded.length > 0) throw unsupportedError(stranded);
  return partitions;
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
    declined.push({ backend: backend.id, reason: support.reason });
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
