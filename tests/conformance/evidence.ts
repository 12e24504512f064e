import type { Graph } from '@octavo/core/ir';
import { isInteger } from '@octavo/core/tensor';
import type { Session } from '@octavo/runtime';

/** The name of an op in tables and reports: with its domain, unless that is ONNX's own. */
export function opName({ op }: Graph['nodes'][number]): string {
  return op.domain ? `${op.domain}.${op.name}` : op.name;
}

/**
 * Element types of the first operand of each op in a graph, or of its result where it has none; of QLinear ops those of
 * the first integers.
 */
export function operandTypes({ nodes }: Pick<Graph, 'nodes'>): [op: string, dtype: string][] {
  return nodes.flatMap((node): [string, string][] => {
    const operands = [...node.inputs, ...node.outputs].flatMap((value) => value?.dtype ?? []);
    const isQuantized = node.op.name.startsWith('QLinear');
    const dtype = isQuantized ? operands.find(isInteger) : operands[0];
    return dtype ? [[opName(node), dtype]] : [];
  });
}

/**
 * What native kernels compute of a graph, in the form of {@link operandTypes}: all of it where nothing runs elsewhere,
 * since lowering may give its ops other names, else the nodes that they run; of a node that passes renamed, those of an
 * op of which nothing runs elsewhere.
 */
export function nativeTypes(graph: Graph, session: Session): [op: string, dtype: string][] {
  const { nodes } = session.explain();
  const [native, elsewhere] = [new Set<string>(), new Set<string>()];
  for (const { backend, op, node } of nodes) {
    const ran = backend === 'cpu' ? native : elsewhere;
    ran.add(op).add(`${op} ${node}`);
  }
  if (elsewhere.size === 0) return native.size > 0 ? operandTypes(graph) : [];
  const isNative = ({ op: { name }, label }: Graph['nodes'][number]) =>
    native.has(`${name} ${label}`) || (native.has(name) && !elsewhere.has(name));
  return operandTypes({ nodes: graph.nodes.filter(isNative) });
}

/** Tables of element types by op, sorted, each type once. */
export function tabulate(pairs: Iterable<readonly [op: string, dtype: string]>): Record<string, string[]> {
  const types = new Map<string, Set<string>>();
  for (const [op, dtype] of pairs) types.set(op, (types.get(op) ?? new Set()).add(dtype));
  const sorted = [...types].map(([op, set]): [string, string[]] => [op, [...set].sort()]);
  return Object.fromEntries(sorted.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** How often each op is in the lists, sorted by op. */
export function countOps(lists: Iterable<readonly string[]>): Record<string, number> {
  const counts = new Map<string, number>();
  for (const ops of lists) for (const op of ops) counts.set(op, (counts.get(op) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Ops of which there are fewer than before. */
export function fewer(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): [op: string, count: number][] {
  return Object.entries(before).filter(([op, count]) => (now[op] ?? 0) < count);
}

/** Ops that lost element types. */
export function lost(
  before: Readonly<Record<string, readonly string[]>>,
  now: Readonly<Record<string, readonly string[]>>,
): [op: string, types: readonly string[]][] {
  return Object.entries(before).filter(([op, types]) => types.some((type) => !now[op]?.includes(type)));
}
