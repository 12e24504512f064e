import {
  DequantizeLinear,
  type Graph,
  type Node,
  QuantizeLinear,
  tensorType,
  type Value,
} from '@octavo/core/ir';
import type { Qparams, StorageDType } from '@octavo/core/quant';
import { type Tensor, toNumbers } from '@octavo/core/tensor';
import { addQparams, dequantizeValue, quantizeActivation } from './insert-qdq.js';

/**
 * Makes the graph's own float inputs and outputs integers (full-integer models): callers then feed
 * `sat(rne(x / scale) + zeroPoint)` and read integers. Names stay.
 * @param params Parameters by input or output name; others stay as they are.
 */
export function quantizeGraphIo(
  graph: Graph,
  storage: StorageDType,
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

function quantizeInput(graph: Graph, input: Value, storage: StorageDType, qparams: Qparams): void {
  const name = input.name;
  graph.rename(input, graph.uniqueName(`${name}_float`));
  const integers = graph.addValue(name, tensorType(storage, input.shape));
  integers.docString = input.docString;
  for (const user of input.users)
    if (isSameQuantizer(graph, user, storage, qparams)) bypass(graph, user, integers);
  if (input.isRead) {
    const dequantized = dequantizeInput(graph, integers, storage, qparams);
    for (const user of input.users) user.replaceOperand(input, dequantized);
  }
  graph.inputs = graph.inputs.map((value) => (value === input ? integers : value));
  graph.outputs = graph.outputs.map((value) => (value === input ? integers : value));
  graph.removeValue(input);
}

/** The input in float: what integer nodes read already, or a DequantizeLinear of its own. */
function dequantizeInput(graph: Graph, integers: Value, storage: StorageDType, qparams: Qparams): Value {
  const known = integers.users.find((user) => DequantizeLinear.is(user))?.output;
  if (known && !graph.isOutput(known)) return known;
  const { name } = integers;
  const { scale, zeroPoint } = addQparams(graph, name, storage, qparams);
  return dequantizeValue(graph, integers, `${name}_dequantized`, name, scale, zeroPoint);
}

/** Whether a node quantizes with given parameters: quantizing what was just dequantized changes nothing. */
function isSameQuantizer(graph: Graph, node: Node, storage: StorageDType, qparams: Qparams): boolean {
  const { output } = node;
  if (!QuantizeLinear.is(node) || output?.dtype !== storage || graph.isOutput(output)) return false;
  const [, scale, zeroPoint] = node.inputs.map((value) => value?.constant?.peek());
  const holds = (tensor: Tensor | undefined, number: number): boolean =>
    tensor?.size === 1 && toNumbers(tensor)[0] === number;
  return holds(scale, qparams.scale) && holds(zeroPoint, qparams.zeroPoint);
}

function bypass(graph: Graph, quantizeNode: Node, integers: Value): void {
  const { output } = quantizeNode;
  if (!output) return;
  graph.replaceAllUses(output, integers);
  graph.removeNode(quantizeNode);
}

function quantizeOutput(graph: Graph, output: Value, storage: StorageDType, qparams: Qparams): void {
  const name = output.name;
  const known = dequantizedIntegers(graph, output, storage);
  const integers = known ?? quantizeActivation(graph, output, storage, qparams, new Set()).integers;
  graph.outputs = graph.outputs.map((value) => (value === output ? integers : value));
  integers.docString = output.docString;
  const { producer } = output;
  if (known && producer && !output.isRead) graph.removeNode(producer);
  else graph.rename(output, graph.uniqueName(`${name}_float`));
  graph.rename(integers, name);
}

/** The integers that an output is dequantized from, when they can take its place and name. */
function dequantizedIntegers(graph: Graph, output: Value, storage: StorageDType): Value | undefined {
  const { producer } = output;
  const source = DequantizeLinear.is(producer) ? producer.inputs[0] : undefined;
  const isFree = source && QuantizeLinear.is(source.producer) && !graph.isOutput(source);
  return isFree && source.dtype === storage ? source : undefined;
}
