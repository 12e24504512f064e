import type { Graph } from '@octavo/core/ir';

/**
 * Brings what quantization added to the graphs of If, Loop and Scan nodes in line with those around them, as onnxruntime demands: their
 * values have names of their own, and the op domains that they use are the model's.
 */
export function settleInnerGraphs(graph: Graph, taken: ReadonlySet<string> = new Set()): void {
  const names = new Set([...taken, ...graph.values.map(({ name }) => name)]);
  for (const node of graph.nestingNodes) {
    for (const { graph: inner } of node.subgraphs) {
      makeNamesUnique(inner, names);
      settleInnerGraphs(inner, names);
      for (const [domain, version] of inner.opsets)
        if (!graph.opsets.has(domain)) graph.opsets.set(domain, version);
    }
  }
}

/** Captures go by the names that they have outside. */
function makeNamesUnique(inner: Graph, taken: ReadonlySet<string>): void {
  const captures = new Set(inner.captures);
  for (const value of inner.values) {
    if (captures.has(value) || !taken.has(value.name)) continue;
    const base = value.name;
    let name = base;
    for (let suffix = 2; taken.has(name) || inner.value(name); suffix++) name = `${base}_${suffix}`;
    inner.rename(value, name);
  }
}
