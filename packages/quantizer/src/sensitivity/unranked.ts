import { Gather, type Graph, type Node } from '@octavo/core/ir';
import { bridgeKind } from '../bridge-ops.js';
import { isComputeOp, takeCompute } from '../compute-ops.js';
import { resultOf } from '../result-of.js';
import { isStoredWeightOp, SMALLEST_WEIGHT } from '../stored-weights.js';
import type { Bits, Part } from './sensitivity.js';
import { isQuantized, type SensitiveStatistics, type Subject, subjectOf } from './subject.js';

/** Nodes of one op that a ranking leaves out for one reason. */
export interface Unranked {
  readonly op: string;
  readonly nodes: number;
  readonly because: string;
}

/** What a ranking leaves out of a prepared graph, and why, the most frequent first. Nodes that give no floats are not listed. */
export function unranked(
  graph: Graph,
  statistics: readonly SensitiveStatistics[],
  { parts, bits }: { readonly parts: readonly Part[]; readonly bits: readonly Bits[] },
): Unranked[] {
  const subjects = new Map(statistics.map(subjectOf).map((subject) => [subject.node, subject]));
  const tails = new Set(
    [...subjects.keys()].map((node) => resultOf(graph, node)?.producer).filter((node) => node !== undefined),
  );
  const found = new Map<string, Unranked>();
  for (const node of graph.sorted()) {
    const subject = subjects.get(node);
    const isRanked = subject && parts.some((part) => bits.some((width) => isQuantized(subject, part, width)));
    if (isRanked || !node.outputs.some((value) => value?.dtype === 'float32')) continue;
    const because = subject ? otherwise(subject) : reasonFor(graph, node, tails);
    const { op } = node;
    const nodes = (found.get(`${op.name} ${because}`)?.nodes ?? 0) + 1;
    found.set(`${op.name} ${because}`, { op: op.name, nodes, because });
  }
  return [...found.values()].sort((a, b) => b.nodes - a.nodes);
}

function otherwise({ parts, bits }: Subject): string {
  return `ranked by its ${parts.join(', ')} in ${bits.join(', ')} bits, which were not asked for`;
}

function reasonFor(graph: Graph, node: Node, tails: ReadonlySet<Node>): string {
  if (isComputeOp(node)) {
    const parts = takeCompute(graph, node);
    return typeof parts === 'string' ? parts : 'it gives nothing';
  }
  if (tails.has(node)) return 'part of the layer before it';
  if (node.subgraphs.length > 0)
    return 'what it holds is not ranked: modes dynamic and weight-only quantize it, others leave it in float';
  if (isStoredWeightOp(node) && node.inputs.some((value) => value?.constant?.dtype === 'float32'))
    return Gather.is(node) && Gather.attributes(node).axis !== 0
      ? `it reads along axis ${Gather.attributes(node).axis}, not rows`
      : `its weights are no constants of ${SMALLEST_WEIGHT} elements or more`;
  const kind = bridgeKind(node);
  if (kind === 'move') return 'it moves elements, which keep their integers';
  return kind === 'own' ? 'not between integer layers: it stays in float' : 'it stays in float';
}
