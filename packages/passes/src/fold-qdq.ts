import {
  DequantizeLinear,
  forward,
  forwardProblem,
  type Graph,
  inferTypes,
  type Node,
  type Pass,
  type PassLog,
  QuantizeLinear,
  type Value,
} from '@octavo/core/ir';
import { SMALLEST_SCALE, sameQuantization } from '@octavo/core/quant';
import { liftConstants } from './lift-constants.js';
import { hasOp, keysOf } from './only-with.js';
import { clampBounds, commutesWithClamp, isImpliedByRange } from './qdq/clamp.js';
import { dequantizedSource, foldNode } from './qdq/fold-node.js';
import { assignIntegerTypes, quantizeConstants } from './qdq/integer-types.js';
import { QparamsReader } from './qdq/node-qparams.js';
import { sinkWeights } from './qdq/sink-weights.js';

/**
 * Turns exact QuantizeLinear / DequantizeLinear patterns into quantized types: a float op between
 * DequantizeLinear nodes and a QuantizeLinear becomes the same op on quantized values, which means dequantize, compute,
 * quantize. A product with constant weights folds without the QuantizeLinear too, and gives float. Relu and Clip before
 * the QuantizeLinear move behind it, or vanish where its range clamps as they do.
 * Every other crossing stays an explicit node. The inverse is `materialize-qdq`.
 * @throws GraphError `QDQ_SCALE` when a scale is NaN or infinite.
 */
export const foldQdq: Pass = { name: 'fold-qdq', run };

const LINEAR = keysOf(QuantizeLinear, DequantizeLinear);

async function run(graph: Graph, log: PassLog): Promise<boolean> {
  if (!hasOp(graph, LINEAR)) return false;
  await liftConstants.run(graph, log);
  inferTypes(graph);
  const reader = new QparamsReader();
  await quantizeConstants(graph, reader);
  await sinkWeights(graph, reader, log);
  await assignIntegerTypes(graph, reader, log);
  let changed = dropRoundTrips(graph, log);
  for (const node of graph.sorted()) {
    if (LINEAR.has(node.op.key) || !graph.has(node)) continue;
    if (foldNode(graph, node, typeOfQuantizer, log)) changed = true;
  }
  return changed;
}

function typeOfQuantizer(node: Node) {
  return node.op.key === QuantizeLinear.key ? node.output?.quantized : undefined;
}

/**
 * Quantizing what was dequantized with the same qparams gives the same integers, up to 16 bits; so does clamping in
 * between to bounds that the range of the integers has anyway.
 */
function dropRoundTrips(graph: Graph, log: PassLog): boolean {
  let changed = false;
  for (const node of graph.sorted()) {
    if (node.op.key !== QuantizeLinear.key) continue;
    const source = graph.has(node) ? roundTripSource(node) : undefined;
    if (!source || !node.output) continue;
    const place = node.label;
    const problem = forwardProblem(graph, node.output, source);
    if (problem) {
      log.declined('drop-round-trip', place, problem);
      continue;
    }
    log.fired('drop-round-trip', place);
    forward(graph, node.output, source);
    changed = true;
  }
  return changed;
}

/** The value whose integers a QuantizeLinear gives again. */
function roundTripSource(node: Node): Value | undefined {
  const to = typeOfQuantizer(node);
  if (!to || to.storage === 'int32' || to.scales.some((scale) => scale < SMALLEST_SCALE)) return undefined;
  let float = node.inputs[0];
  for (let clamp = float?.producer; clamp; clamp = float?.producer) {
    const bounds = clampBounds(clamp);
    if (!bounds || !commutesWithClamp(to) || !isImpliedByRange(bounds, to)) break;
    float = clamp.inputs[0];
  }
  const source = float && dequantizedSource(float);
  return source?.quantized && sameQuantization(source.quantized, to) ? source : undefined;
}
