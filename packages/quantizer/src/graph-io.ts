import {
  DequantizeLinear,
  type Graph,
  type Node,
  QuantizeLinear,
  tensorType,
  type Value,
} from '@octavo/core/ir';
import type { Qparams } from '@octavo/core/quant';
import { addQparams, dequantizeValue, quantizeActivation } from './insert-qdq.js';

/**
 * Makes the graph's own float inputs and outputs integers (full-integer models): callers then feed
 * `sat(rne(x / scale) + zeroPoint)` and read integers. Names stay.
 * @param params Parameters by input or output name; others stay as they are.
 */
export function quantizeGraphIo(
  graph: Graph,
  storage: 'uint8' | 'int8',
  params: ReadonlyMap<string, Qparams>,
): void {
  for (const input of [...graph.inputs]) {
    const qparams = params.get(input.name);
    if (qparams && input.dtype === 'float32') quantizeInput(graph, input, storage, qparams);
  }
  for (const output of [...graph.outputs]) {
    const qparams = params.get(output.name);
    if (qparams && output.dtype === 'float32') quantizeOutput(graph, output, storage, qparams);
  }
}

function quantizeInput(graph: Graph, input: Value, storage: 'uint8' | 'int8', qparams: Qparams): void {
  const name = input.name;
  graph.rename(input, graph.uniqueName(`${name}_float`));
  const integers = graph.addValue(name, tensorType(storage, input.shape));
  const { scale, zeroPoint } = addQparams(graph, `${name}_input`, storage, qparams);
  const dequantized = dequantizeValue(graph, integers, `${name}_dequantized`, name, scale, zeroPoint);
  for (const user of input.users) {
    if (QuantizeLinear.is(user) && user.output?.dtype === storage) bypass(graph, user, integers);
    else user.replaceOperand(input, dequantized);
  }
  graph.inputs = graph.inputs.map((value) => (value === input ? integers : value));
  if (input.users.length === 0 && !graph.isOutput(input)) graph.removeValue(input);
}

/** The input is quantized with the same parameters, so quantizing what was just dequantized changes nothing. */
function bypass(graph: Graph, quantizeNode: Node, integers: Value): void {
  const { output } = quantizeNode;
  if (!output) return;
  graph.replaceAllUses(output, integers);
  graph.removeNode(quantizeNode);
}

function quantizeOutput(graph: Graph, output: Value, storage: 'uint8' | 'int8', qparams: Qparams): void {
  const name = output.name;
  const { producer } = output;
  const known =
    DequantizeLinear.is(producer) && producer.inputs[0]?.dtype === storage ? producer.inputs[0] : undefined;
  const integers = known ?? quantizeActivation(graph, output, storage, qparams, new Set()).integers;
  if (known && output.users.length === 0 && graph.outputs.filter((value) => value === output).length === 1) {
    graph.outputs = graph.outputs.map((value) => (value === output ? integers : value));
    if (producer) graph.removeNode(producer);
  } else {
    graph.outputs = graph.outputs.map((value) => (value === output ? integers : value));
    graph.rename(output, graph.uniqueName(`${name}_float`));
  }
  graph.rename(integers, name);
}
