import {
  DequantizeLinear,
  type Graph,
  knownShape,
  type Node,
  type PassLog,
  supersede,
  Transpose,
  type Value,
} from '@octavo/core/ir';
import type { QuantizedType } from '@octavo/core/quant';
import { StoredTensor } from '@octavo/core/tensor';
import type { QparamsReader } from './node-qparams.js';
import { permute } from './permute.js';

/** Ops that give the elements of their first input another shape, in the same order. */
const RESHAPING: ReadonlySet<string> = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

/**
 * Moves constant weights through what stands between their DequantizeLinear and the op that reads them: the integers
 * are transposed or reshaped once, here. Reshaping is for per-tensor weights only.
 */
export async function sinkWeights(graph: Graph, reader: QparamsReader, log: PassLog): Promise<void> {
  for (const node of graph.sorted()) {
    const dequantize = node.inputs[0]?.producer;
    if (dequantize?.op.key !== DequantizeLinear.key || !graph.has(node)) continue;
    const constant = dequantize.inputs[0]?.constant;
    if (!constant || !node.output || graph.isOutput(node.output)) continue;
    const { type } = await reader.ofNode(dequantize);
    const moved = type && (await move(node, constant, type));
    if (!moved) continue;
    log.fired('sink-weights', node.label);
    replace(graph, node.output, dequantize, moved);
  }
}

interface Moved {
  readonly constant: StoredTensor;
  /** Axis of per-axis scales afterwards. */
  readonly axis: number | undefined;
}

async function move(node: Node, constant: StoredTensor, type: QuantizedType): Promise<Moved | undefined> {
  const { granularity } = type;
  if (granularity.kind === 'per-block') return undefined;
  if (Transpose.is(node)) {
    const rank = constant.shape.length;
    const order = Transpose.attributes(node).perm ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
    const axis = granularity.kind === 'per-axis' ? order.indexOf(granularity.axis) : undefined;
    return { constant: StoredTensor.of(permute(await constant.load(), order)), axis };
  }
  const shape = knownShape(node.output?.shape);
  if (node.op.domain !== '' || !RESHAPING.has(node.op.name) || granularity.kind !== 'per-tensor' || !shape) {
    return undefined;
  }
  return { constant: new StoredTensor(constant.dtype, shape, constant.storage), axis: undefined };
}

function replace(graph: Graph, output: Value, dequantize: Node, { constant, axis }: Moved): void {
  const source = dequantize.inputs[0];
  const { x_scale, x_zero_point } = DequantizeLinear.inputs(dequantize);
  const x = graph.addInitializer(source?.name ?? 'weights', constant);
  const attributes = axis === undefined ? {} : { axis };
  const moved = graph.emit(DequantizeLinear, { x, x_scale, x_zero_point }, attributes, {
    name: dequantize.name,
  });
  if (moved.output) supersede(graph, output, moved.output);
}
