import {
  DequantizeLinear,
  type Graph,
  type Node,
  QuantizeLinear,
  tensorType,
  type Value,
} from '@octavo/core/ir';
import type { QuantizedType } from '@octavo/core/quant';
import { GraphError } from '@octavo/core/tensor';
import type { QparamsInitializers } from './qparams-initializers.js';

/**
 * Writes a node on quantized values as the float op between DequantizeLinear and QuantizeLinear. Values that were quantized
 * keep their name in float; their integers are called `<name>_quantized`.
 */
export function materializeNode(graph: Graph, node: Node, qparams: QparamsInitializers): void {
  const inputs = node.inputs.map((value) => value && dequantized(graph, value, qparams));
  const outputs = node.outputs.map((value) => value && floatTwin(graph, value));
  const fresh = graph.addNode(node.op, {
    name: node.name,
    inputs,
    outputs,
    attributes: node.attributes,
    captures: node.captures,
  });
  fresh.docString = node.docString;
  fresh.metadata = node.metadata;
  fresh.overload = node.overload;
  const twins = node.outputs.map((value, i) => [value, outputs[i]] as const);
  const names = twins.map(([value, float]) => [value?.name, float] as const);
  for (const [value, float] of twins) {
    if (value && float && value.quantized) quantizeInto(graph, float, value, value.quantized, qparams);
  }
  const plain = twins.filter(([value]) => value && !value.quantized);
  for (const [value, float] of plain) {
    if (value && float) graph.replaceAllUses(value, float);
  }
  graph.removeNode(node);
  for (const [name, float] of names) if (name && float && !graph.value(name)) graph.rename(float, name);
}

/** The float form of a value that a node reads: one DequantizeLinear serves all its readers. */
function dequantized(graph: Graph, value: Value, qparams: QparamsInitializers): Value {
  const { quantized } = value;
  if (!quantized) return value;
  const known = value.users.find((user) => DequantizeLinear.is(user) && user.inputs[0] === value)?.output;
  if (known) return known;
  const { scale, zeroPoint, attributes } = qparams.of(value, quantized);
  const float = graph.emit(
    DequantizeLinear,
    { x: value, x_scale: scale, x_zero_point: zeroPoint },
    attributes,
    { outputNames: [`${value.name}_dequantized`] },
  ).output;
  if (!float) throw new GraphError({ code: 'GRAPH_OUTPUT', message: 'DequantizeLinear has one output.' });
  float.type = tensorType(quantized.expressed, value.shape);
  return float;
}

function floatTwin(graph: Graph, value: Value): Value {
  const type = value.quantized ? tensorType(value.quantized.expressed, value.shape) : value.type;
  const twin = graph.addValue(graph.uniqueName(`${value.name}_float`), type);
  twin.docString = value.docString;
  return twin;
}

/** Makes readers of the quantized value read QuantizeLinear of its float twin. */
function quantizeInto(
  graph: Graph,
  float: Value,
  value: Value,
  type: QuantizedType,
  qparams: QparamsInitializers,
): void {
  const { scale, zeroPoint, attributes } = qparams.of(value, type);
  const isOutput = graph.isOutput(value);
  const integers = graph.emit(
    QuantizeLinear,
    { x: float, y_scale: scale, y_zero_point: zeroPoint },
    attributes,
    { outputNames: [`${value.name}_quantized`] },
  ).output;
  if (!integers) throw new GraphError({ code: 'GRAPH_OUTPUT', message: 'QuantizeLinear has one output.' });
  integers.type = value.type;
  if (!isOutput) graph.replaceAllUses(value, integers);
  else supersedeOutput(graph, value, integers);
}

/** A graph output keeps its name, so its integers have it. */
function supersedeOutput(graph: Graph, value: Value, integers: Value): void {
  const { name } = value;
  graph.replaceAllUses(value, integers);
  graph.rename(value, graph.uniqueName(`${name}_before`));
  graph.rename(integers, name);
}
