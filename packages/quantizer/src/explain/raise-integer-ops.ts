import {
  Clip,
  cloneModel,
  type Graph,
  inferTypes,
  type Model,
  type Node,
  QuantizeLinear,
  runPasses,
} from '@octavo/core/ir';
import { representableRange } from '@octavo/core/quant';
import { float32, StoredTensor } from '@octavo/core/tensor';
import { materializeQdq, QparamsReader, raiseOpset, raiseQoperator } from '@octavo/passes';
import { isQOperator } from '../integer-ops.js';

/** Q/DQ pairs hold a scale for each channel since this opset. */
const PAIRS_OPSET = 13;

/** Whether a model has integer ops (QLinearConv, QLinearMatMul, QGemm ...). */
export function hasIntegerOps({ graph }: Model): boolean {
  return graph.nodes.some(isQOperator);
}

/**
 * The same model with Q/DQ pairs in the place of integer ops: what they compute, with their numbers. Results are clipped to the
 * range of their integers before they are rounded, which changes no integer: a Relu that the range implied is back.
 */
export async function raiseIntegerOps(quantized: Model): Promise<Model> {
  if (!hasIntegerOps(quantized)) return quantized;
  const model = cloneModel(quantized);
  await runPasses(model.graph, [raiseOpset(PAIRS_OPSET), raiseQoperator, materializeQdq]);
  const reader = new QparamsReader();
  for (const node of model.graph.nodes)
    if (QuantizeLinear.is(node)) await clipBefore(model.graph, node, reader);
  inferTypes(model.graph);
  return model;
}

async function clipBefore(graph: Graph, node: Node, reader: QparamsReader): Promise<void> {
  const [input] = node.inputs;
  const { type } = await reader.ofNode(node);
  if (!input?.producer || graph.isOutput(input) || type?.granularity.kind !== 'per-tensor') return;
  const [scale = 1, zeroPoint = 0] = [type.scales[0], type.zeroPoints[0]];
  const range = representableRange({ scale, zeroPoint }, type.storage);
  const { name } = input;
  graph.rename(input, graph.uniqueName(`${name}_sums`));
  const bound = (end: 'min' | 'max') =>
    graph.addInitializer(`${name}_${end}`, StoredTensor.of(float32([range[end]], [])));
  const clip = graph.emit(
    Clip,
    { input, min: bound('min'), max: bound('max') },
    {},
    { name: `${name}_clip`, outputNames: [name] },
  );
  if (clip.output) node.setInput(0, clip.output);
}
