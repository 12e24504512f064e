import type { Graph, Node } from '@octavo/core/ir';
import { allNodes } from './all-nodes.js';
import type { Recipe } from './recipe.js';
import { nodesBetween } from './subgraph.js';

/** Selects nodes of one graph by patterns. */
export class NodeSelector {
  private readonly graph: Graph;
  private readonly compiled = new Map<string, (node: Node) => boolean>();

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /**
   * Whether a pattern selects a node: a glob (`*` any run, `?` one character) against its name, label, op type and
   * outputs, or `a..b` for the nodes between two values of the graph.
   */
  matches(pattern: string, node: Node): boolean {
    const known = this.compiled.get(pattern) ?? this.compile(pattern);
    this.compiled.set(pattern, known);
    return known(node);
  }

  private compile(pattern: string): (node: Node) => boolean {
    const [from, to, ...more] = pattern.split('..');
    const [start, end] = [this.graph.value(from ?? ''), this.graph.value(to ?? '')];
    if (start && end && more.length === 0) {
      const between = nodesBetween([start], [end]);
      return (node) => between.has(node);
    }
    const glob = globToRegExp(pattern);
    return (node) => namesOf(node).some((name) => glob.test(name));
  }
}

/** Why the recipe's include and exclude lists keep a node float; undefined when they do not. */
export function excludedBecause(
  selector: NodeSelector,
  node: Node,
  { include, exclude }: Pick<Recipe, 'include' | 'exclude'>,
): string | undefined {
  const hit = exclude.find((pattern) => selector.matches(pattern, node));
  if (hit !== undefined) return `excluded by ${hit}`;
  if (include.length > 0 && !include.some((pattern) => selector.matches(pattern, node)))
    return 'not in the include list';
  return undefined;
}

/** Patterns of the recipe that match no node of a graph or of those inside it: usually a typing error. */
export function unmatchedPatterns(graph: Graph, { include, exclude, layers }: Recipe): string[] {
  const selector = new NodeSelector(graph);
  const nodes = allNodes(graph);
  const patterns = [...include, ...exclude, ...layers.flatMap((rule) => rule.nodes ?? [])];
  return patterns.filter((pattern) => !nodes.some((node) => selector.matches(pattern, node)));
}

function namesOf(node: Node): string[] {
  return [node.name, node.label, node.op.name, ...node.outputs.map((value) => value?.name ?? '')];
}

function globToRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
