import { Clip, cloneModel, type Graph, type Model, type Node, outputOf, type Value } from '@octavo/core/ir';
import type { HistogramState, Qparams } from '@octavo/core/quant';
import { float32, fromNumbers, type NumberArray, type Shape, StoredTensor } from '@octavo/core/tensor';
import { raiseOpset } from '@octavo/passes';
import type { ComputeParts } from '../compute-ops.js';
import { quantizeActivation } from '../insert-qdq.js';
import { ReportBuilder } from '../report.js';
import { runAll } from '../run-passes.js';
import { gridOfRange } from './range-noise.js';
import type { Bits } from './sensitivity.js';

/** Weights and data of one node that are to be quantized while everything else stays float. */
export interface Isolated {
  readonly node: Node;
  /** The numbers that a weight's integers stand for. */
  readonly weights?: readonly {
    readonly parts: ComputeParts;
    readonly numbers: NumberArray;
    readonly shape: Shape;
  }[];
  /** What the node reads, with the range that it has. */
  readonly data?: readonly { readonly value: Value; readonly range: HistogramState }[];
  readonly bits: Bits;
}

/**
 * A copy of a prepared float model in which one node alone is quantized: its weights become the numbers that their
 * integers stand for, what it reads goes through QuantizeLinear and DequantizeLinear.
 */
export async function isolateLayer(
  source: Model,
  { node, weights = [], data = [], bits }: Isolated,
): Promise<Model> {
  const model = cloneModel(source);
  const { graph } = model;
  if (data.length > 0) await runAll(graph, [raiseOpset(bits === 16 ? 21 : 13)], new ReportBuilder());
  const copy = sameNode(graph, node);
  for (const { parts, numbers, shape } of weights) {
    const constant = StoredTensor.of(float32(Float32Array.from(numbers), shape));
    copy.setInput(parts.weightIndex, graph.addInitializer(`${parts.weight.name}_rounded`, constant));
  }
  for (const { value, range } of data) roundInput(graph, copy, value.name, range, bits);
  return model;
}

/** A node in a copy of its graph, found by what it computes. */
function sameNode(graph: Graph, node: Node): Node {
  const name = node.outputs.find((value) => value !== undefined)?.name ?? '';
  const copy = graph.value(name)?.producer;
  if (!copy) throw new Error(`a copied node is as its original: ${node.label} is missing`);
  return copy;
}

/** Widths below 8 bits are 8-bit integers of which a clip lets only the smaller ones through. */
function roundInput(graph: Graph, node: Node, name: string, range: HistogramState, bits: Bits): void {
  const data = graph.value(name);
  if (!data) throw new Error(`a copied node reads what its original reads: ${name} is missing`);
  const { scale, low, high } = gridOfRange(range, bits);
  const qparams: Qparams = { scale: Math.fround(scale), zeroPoint: Math.round(-low / scale) };
  const value = bits < 8 ? clipFor(graph, node, data, low, high) : data;
  quantizeActivation(graph, value, bits === 16 ? 'uint16' : 'uint8', qparams, new Set([node]));
}

function clipFor(graph: Graph, node: Node, data: Value, low: number, high: number): Value {
  const scalar = (name: string, number: number): Value =>
    graph.addInitializer(name, StoredTensor.of(fromNumbers('float32', [], [number])));
  const operands = { input: data, min: scalar('narrow_min', low), max: scalar('narrow_max', high) };
  const name = graph.uniqueName(`${data.name}_narrow`);
  const output = outputOf(graph.emit(Clip, operands, {}, { name }));
  node.replaceOperand(data, output);
  return output;
}
