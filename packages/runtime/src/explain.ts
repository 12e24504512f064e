import type { PassRecord } from '@octavo/core/ir';
import { formatRows } from './format-rows.js';

/** What one node does in a session. */
export interface NodeExplanation {
  readonly node: string;
  readonly op: string;
  readonly backend: string;
  readonly kernel: string;
  /** `int8` style dtypes for quantized operands, else the float dtype. */
  readonly dtype: string;
  /** The node whose kernel computes this one too; null when it has a kernel of its own. */
  readonly fusedInto: string | null;
  /** What the backend decided about the node, e.g. why it was not fused. */
  readonly notes: readonly string[];
  /** Why each backend of higher preference declined. */
  readonly declined: readonly { readonly backend: string; readonly reason: string }[];
}

/** Where a session runs, node by node, and what became of the model's graph before. */
export interface Explanation {
  readonly nodes: readonly NodeExplanation[];
  /** What each pass did to the graph, and where rules declined with what reason. */
  readonly passes: readonly PassRecord[];
  /** The nodes as an aligned table, followed by what the passes did. */
  toString(): string;
}

/** An explanation that prints as an aligned table. */
export function createExplanation(
  nodes: readonly NodeExplanation[],
  passes: readonly PassRecord[] = [],
): Explanation {
  return {
    nodes,
    passes,
    toString: () => [nodeTable(nodes), passList(passes)].filter((part) => part !== '').join('\n\n'),
  };
}

function nodeTable(nodes: readonly NodeExplanation[]): string {
  return formatRows(
    nodes.map((each) => [
      each.node,
      each.op,
      each.dtype,
      each.backend,
      each.fusedInto === null ? each.kernel : `${each.kernel} in ${each.fusedInto}`,
      remarks(each),
    ]),
  );
}

function remarks(node: NodeExplanation): string {
  const reasons = node.declined.map(({ backend, reason }) => `${backend} declined: ${reason}`);
  const list = [...reasons, ...node.notes];
  return list.length > 0 ? `(${list.join('; ')})` : '';
}

/** One line a rule that fired, and one for each reason to decline with the places that have it. */
function passList(passes: readonly PassRecord[]): string {
  return passes
    .flatMap(({ pass, fired, declined }) => {
      const lines = [...new Set(fired.map(({ rule }) => rule))].map((rule) => {
        const changed = fired.filter((each) => each.rule === rule).map(({ place }) => place);
        return `${rule}: changed ${places(changed)}`;
      });
      for (const reason of new Set(declined.map((each) => each.reason))) {
        const left = declined.filter((each) => each.reason === reason).map(({ place }) => place);
        lines.push(`${pass}: left ${places(left)}: ${reason}`);
      }
      return lines;
    })
    .join('\n');
}

const MOST_PLACES = 3;

function places(names: readonly string[]): string {
  const unique = [...new Set(names)];
  const more = unique.length > MOST_PLACES ? ` and ${unique.length - MOST_PLACES} more` : '';
  return `${unique.slice(0, MOST_PLACES).join(', ')}${more}`;
}
