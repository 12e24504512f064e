import type { Graph, Pass, PassLog } from '@octavo/core/ir';
import { dropQuantizedTypes } from './qdq/drop-quantized-types.js';
import { isTyped } from './qdq/integer-types.js';
import { materializeNode } from './qdq/materialize-node.js';
import { checkOpset } from './qdq/needed-opset.js';
import { QparamsInitializers } from './qdq/qparams-initializers.js';

/**
 * Writes quantized types as QuantizeLinear and DequantizeLinear nodes: every op on quantized values becomes the float op
 * between them. Values that were quantized keep their name in float; their integers are called `<name>_quantized`.
 * Values with the same qparams share scale and zero point. The inverse of `fold-qdq`.
 */
export const materializeQdq: Pass = { name: 'materialize-qdq', requires: checkOpset, run };

function run(graph: Graph, log: PassLog): boolean {
  const qparams = new QparamsInitializers(graph);
  let changed = false;
  for (const node of graph.sorted()) {
    if (!isTyped(node)) continue;
    log.fired('materialize-qdq', node.label);
    materializeNode(graph, node, qparams);
    changed = true;
  }
  return dropQuantizedTypes(graph).length > 0 || changed;
}
