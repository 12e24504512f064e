import { Constant, type Graph, type Pass, type PassLog, storedConstant, supersede } from '@octavo/core/ir';

/** Turns `Constant` nodes into initializers. Sparse constants and constants that are graph outputs stay nodes. */
export const liftConstants: Pass = { name: 'lift-constants', run: lift };

function lift(graph: Graph, log: PassLog): boolean {
  let changed = false;
  for (const node of graph.nodes) {
    if (!Constant.is(node)) continue;
    const { output } = node;
    const constant = storedConstant(output);
    if (!output || !constant) continue;
    if (graph.isOutput(output)) {
      log.declined('lift-constants', node.label, 'it is an output of the graph');
      continue;
    }
    const { quantized } = output;
    const initializer = graph.addInitializer(output.name, constant);
    if (quantized)
      initializer.type = { kind: 'tensor', dtype: constant.dtype, shape: constant.shape, quantized };
    log.fired('lift-constants', node.label);
    supersede(graph, output, initializer);
    changed = true;
  }
  return changed;
}
