import type { Graph } from './graph.js';
import { GraphSnapshot } from './graph-snapshot.js';
import type { Model } from './model.js';

/** A copy of a graph that can be edited freely; constants share their (immutable) storage. */
export function cloneGraph(source: Graph): Graph {
  return new GraphSnapshot(source).copy();
}

/** A copy of a model that can be edited freely. */
export function cloneModel(source: Model): Model {
  return snapshotModel(source)();
}

/** Gives copies of what a model is now, whatever becomes of it later. See {@link GraphSnapshot}. */
export function snapshotModel(source: Model): () => Model {
  const saved = { ...source, metadata: new Map(source.metadata) };
  const graph = new GraphSnapshot(source.graph);
  const functions = source.functions.map((each) => ({ ...each, graph: new GraphSnapshot(each.graph) }));
  return () => ({
    ...saved,
    graph: graph.copy(),
    functions: functions.map((each) => ({ ...each, graph: each.graph.copy() })),
    metadata: new Map(saved.metadata),
  });
}
