import { eraseDead, type Graph, type Node, type Op, type Pass, supersede, type Value } from '@octavo/core/ir';
import { keysOf, onlyWith } from '../only-with.js';

export interface FusionOptions {
  /**
   * Why a fused node is worse than its parts, in words for the report; undefined when it is not. The node is in the
   * graph already, with its types. Default: it never is.
   */
  accepts?(fused: Node, parts: readonly Node[], graph: Graph): string | undefined;
}

/** Nodes that compute together what one node of another op computes. */
export interface Fusion {
  /** All nodes that the fused one replaces; the last gives the result. */
  readonly parts: readonly Node[];
  /** Adds the fused node, whose first output takes the place of the result. */
  emit(graph: Graph): Node | Promise<Node>;
}

/** Looks at a node as the last of a pattern: the fusion, why there is none although it looks like one, or nothing. */
export type FindFusion = (node: Node, graph: Graph) => Fusion | string | undefined;

/** What a pattern is made of. */
export interface PatternOps {
  /** The ops that its last node can have; `find` sees no others. */
  readonly roots: readonly Op[];
  /** Rarer ops, one of which is in whatever looks like the pattern: without them there is nothing to find in a graph. */
  readonly marks: readonly Op[];
  /** What else is so of such a node in the pattern (default nothing). */
  isMark?(node: Node): boolean;
}

/** A pass that replaces patterns by single nodes, from the outputs of the graph to its inputs. */
export function fusionPass(
  name: string,
  { roots, marks, isMark }: PatternOps,
  find: FindFusion,
  { accepts }: FusionOptions = {},
): Pass {
  const keys = keysOf(...roots);
  const pass: Pass = {
    name,
    async run(graph, log) {
      let changed = false;
      for (const node of graph.sorted().reverse()) {
        if (!keys.has(node.op.key)) continue;
        const found = graph.has(node) ? find(node, graph) : undefined;
        if (found === undefined) continue;
        const place = node.label;
        const problem = typeof found === 'string' ? found : await apply(graph, node, found, accepts);
        if (problem === undefined) {
          log.fired(name, place);
          changed = true;
        } else log.declined(name, place, problem);
      }
      return changed;
    },
  };
  return onlyWith(marks, pass, isMark);
}

async function apply(
  graph: Graph,
  root: Node,
  fusion: Fusion,
  accepts: FusionOptions['accepts'],
): Promise<string | undefined> {
  const outside = readOutside(graph, root, fusion.parts);
  if (outside) return `${outside.name} is read elsewhere too`;
  const fused = await fusion.emit(graph);
  const [from, to] = [root.output, fused.output];
  if (!from || !to) return 'it has no output';
  to.type ??= from.type;
  const problem = accepts?.(fused, fusion.parts, graph);
  if (problem === undefined) {
    supersede(graph, from, to);
    return undefined;
  }
  eraseDead(graph, [fused]);
  return problem;
}

/** A value inside the pattern that others need as well. */
function readOutside(graph: Graph, root: Node, parts: readonly Node[]): Value | undefined {
  const inside = new Set(parts);
  for (const part of parts) {
    if (part === root) continue;
    for (const value of part.outputs)
      if (value && (graph.isOutput(value) || value.users.some((user) => !inside.has(user)))) return value;
  }
  return undefined;
}
