import type { Graph } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import type { Subgraph } from './backend.js';

/**
 * A whole graph as a backend compiles it; what it captures are inputs after its own. Asked for the elements of a value that is
 * not constant, it rejects with OctavoError `BACKEND_MISSING_VALUE`.
 */
export function wholeGraph(graph: Graph): Subgraph {
  return {
    graph,
    nodes: graph.sorted(),
    inputs: [...graph.inputs, ...graph.captures],
    outputs: graph.outputs,
    constant: async ({ name, constant }) => {
      if (constant) return constant.load();
      throw new OctavoError({
        code: 'BACKEND_MISSING_VALUE',
        where: `value ${name}`,
        message: 'it is no constant.',
      });
    },
  };
}
