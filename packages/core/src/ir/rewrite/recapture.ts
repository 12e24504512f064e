import type { Attribute, Subgraph } from '../attribute.js';
import type { Graph } from '../graph.js';
import type { Node } from '../node.js';
import type { Value } from '../value.js';

/** What stands in a subgraph for which value of the graph around it. */
export type Captured = ReadonlyMap<Value, Value>;

/** What the captures of a subgraph stand for. */
export function capturedBy(node: Node, { graph, sources }: Subgraph): Map<Value, Value> {
  const pairs = graph.captures.map((stand, index) => [stand, node.captures[sources[index] ?? -1]] as const);
  return new Map(pairs.flatMap(([stand, outer]) => (outer ? [[stand, outer] as const] : [])));
}

/**
 * Makes the subgraphs of a node capture what they read, and nothing else: values that stand for others and are not read
 * any more are removed, and with them what the node reads for their sake.
 * @param captured For each subgraph, also what was added to it since.
 */
export function recapture(node: Node, captured: ReadonlyMap<Graph, Captured>): void {
  const outers: Value[] = [];
  const again = ({ graph }: Subgraph): Subgraph => {
    const read = [...(captured.get(graph) ?? [])].filter(([stand]) => graph.isUsed(stand));
    const before = graph.captures;
    graph.captures = read.map(([stand]) => stand);
    for (const stand of before) if (!graph.captures.includes(stand)) graph.removeValue(stand);
    const sources = read.map(([, outer]) => {
      if (!outers.includes(outer)) outers.push(outer);
      return outers.indexOf(outer);
    });
    return { graph, sources };
  };
  for (const [name, attribute] of node.attributes) {
    const changed = withSubgraphs(attribute, again);
    if (changed) node.setAttribute(name, changed);
  }
  node.setCaptures(outers);
}

function withSubgraphs(
  attribute: Attribute,
  change: (subgraph: Subgraph) => Subgraph,
): Attribute | undefined {
  if (attribute.kind === 'graph') return { kind: 'graph', value: change(attribute.value) };
  return attribute.kind === 'graphs' ? { kind: 'graphs', value: attribute.value.map(change) } : undefined;
}
