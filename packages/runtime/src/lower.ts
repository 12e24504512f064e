import { cloneModel, type Graph, inferTypes, type Model, runPasses } from '@octavo/core/ir';
import {
  eliminateDeadNodes,
  foldConstants,
  foldQdq,
  inlineFunctions,
  liftConstants,
  raiseQoperator,
} from '@octavo/passes';
import { reference } from '@octavo/reference';
import { evaluateOn } from './evaluate.js';

/**
 * The canonical graph that backends see: functions inlined, constants folded, Q/DQ pairs and QLinear ops turned
 * into ops on quantized types. `taps` keep their values alive.
 */
export async function lower(source: Model, taps: readonly string[]): Promise<Graph> {
  const model = cloneModel(source);
  inlineFunctions(model);
  const { graph } = model;
  const outputs = graph.outputs;
  graph.outputs = [...outputs, ...taps.flatMap((name) => graph.value(name) ?? [])];
  inferTypes(graph);
  using backend = reference();
  await runPasses(graph, [
    liftConstants,
    foldConstants({ evaluate: evaluateOn(backend) }),
    raiseQoperator,
    foldQdq,
    eliminateDeadNodes,
  ]);
  inferTypes(graph);
  graph.outputs = graph.outputs.slice(0, outputs.length);
  return graph;
}
