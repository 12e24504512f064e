import {
  DequantizeLinear,
  eraseDead,
  forward,
  forwardProblem,
  type Graph,
  inferTypes,
  type Node,
  type Pass,
  type PassLog,
  QuantizeLinear,
} from '@octavo/core/ir';
import { SMALLEST_SCALE, sameQuantization } from '@octavo/core/quant';
import { liftConstants } from './lift-constants.js';
import { foldNode } from './qdq/fold-node.js';
import { assignIntegerTypes, quantizeConstants } from './qdq/integer-types.js';
import { QparamsReader } from './qdq/node-qparams.js';
import { sinkWeights } from './qdq/sink-weights.js';

/**
 * Turns exact QuantizeLinear / DequantizeLinear patterns into quantized types: a float op between
 * DequantizeLinear nodes and a QuantizeLinear becomes the same op on quantized values, which means dequantize, compute,
 * quantize. Relu and Clip before the QuantizeLinear move behind it, or vanish where its range clamps as they do.
 * Every other crossing stays an explicit node. The inverse is `materialize-qdq`.
 * @throws GraphError `QDQ_SCALE` when a scale is NaN or infinite.
 */
export const foldQdq: Pass = { name: 'fold-qdq', run };

async function run(graph: Graph, log: PassLog): Promise<boolean> {
  if (!graph.nodes.some((node) => QuantizeLinear.is(node) || DequantizeLinear.is(node))) return false;
  await liftConstants.run(graph, log);
  inferTypes(graph);
  const reader = new QparamsReader();
  await quantizeConstants(graph, reader);
  await sinkWeights(graph, reader, log);
  await assignIntegerTypes(graph, reader, log);
  let changed = dropRoundTrips(graph, log);
  for (const node of graph.sorted()) {
    if (!graph.has(node)) continue;
    const place = node.label;
    const outcome = foldNode(graph, node, typeOfQuantizer);
    if (outcome === 'folded') {
      log.fired('fold-qdq', place);
      changed = true;
    } else if (outcome !== undefined) log.declined('fold-qdq', place, outcome);
  }
  return changed;
}

function typeOfQuantizer(node: Node) {
  return QuantizeLinear.is(node) ? node.output?.quantized : undefined;
}

/** Quantizing what was dequantized with the same qparams gives the same integers, up to 16 bits. */
function dropRoundTrips(graph: Graph, log: PassLog): boolean {
  let changed = false;
  for (const node of graph.sorted()) {
    const dequantized = QuantizeLinear.is(node) ? node.inputs[0]?.producer : undefined;
    const source = DequantizeLinear.is(dequantized) ? dequantized.inputs[0] : undefined;
    const [from, to] = [node.output?.quantized, source?.quantized];
    if (!node.output || !source || !from || !to || !sameQuantization(from, to)) continue;
    if (from.storage === 'int32' || from.scales.some((scale) => scale < SMALLEST_SCALE)) continue;
    const problem = forwardProblem(graph, node.output, source);
    if (problem) {
      log.declined('drop-round-trip', node.label, problem);
      continue;
    }
    log.fired('drop-round-trip', node.label);
    forward(graph, node.output, source);
    eraseDead(graph, [node, dequantized]);
    changed = true;
  }
  return changed;
}
