import { Clip, cloneModel, type Graph, type Model, type Node, outputOf, type Value } from '@octavo/core/ir';
import type { Qparams } from '@octavo/core/quant';
import { float32, fromNumbers, StoredTensor } from '@octavo/core/tensor';
import { raiseOpset } from '@octavo/passes';
import { type ComputeParts, takeCompute } from '../compute-ops.js';
import { quantizeActivation } from '../insert-qdq.js';
import { loadWeights } from '../load-weights.js';
import { ReportBuilder } from '../report.js';
import { runAll } from '../run-passes.js';
import { roundWeights } from './layer-noise.js';
import type { LayerStatistics } from './layer-statistics.js';
import { gridOfRange } from './range-noise.js';
import type { Bits, Part } from './sensitivity.js';

/**
 * A copy of a prepared float model in which one layer alone is quantized: its weights become the numbers that their
 * integers stand for, what it reads goes through QuantizeLinear and DequantizeLinear.
 * @param statistics Of the layer, from the same model; they hold the range of what it reads.
 */
export async function isolateLayer(
  source: Model,
  statistics: LayerStatistics,
  part: Part,
  bits: Bits,
): Promise<Model> {
  const model = cloneModel(source);
  const { graph } = model;
  if (part !== 'weights') await runAll(graph, [raiseOpset(bits === 16 ? 21 : 13)], new ReportBuilder());
  const parts = sameLayer(graph, statistics.parts);
  if (part !== 'activations') await replaceWeights(graph, parts, bits);
  if (part !== 'weights') roundInput(graph, parts, statistics, bits);
  return model;
}

/** The layer in a copy of its graph, found by what it computes. */
function sameLayer(graph: Graph, { node }: ComputeParts): ComputeParts {
  const copy: Node | undefined = graph.value(node.output?.name ?? '')?.producer;
  const parts = copy ? takeCompute(graph, copy) : `${node.label} is missing`;
  if (typeof parts === 'string') throw new Error(`a copied layer is as its original: ${parts}`);
  return parts;
}

async function replaceWeights(graph: Graph, parts: ComputeParts, bits: Bits): Promise<void> {
  const { data, shape } = await loadWeights(parts.weight.constant);
  const rounded = roundWeights({ parts, weights: data, shape }, { bits });
  const constant = StoredTensor.of(float32(Float32Array.from(rounded), shape));
  parts.node.setInput(parts.weightIndex, graph.addInitializer(`${parts.weight.name}_rounded`, constant));
}

/** Widths below 8 bits are 8-bit integers of which a clip lets only the smaller ones through. */
function roundInput(graph: Graph, parts: ComputeParts, { input }: LayerStatistics, bits: Bits): void {
  const { scale, low, high } = gridOfRange(input, bits);
  const qparams: Qparams = { scale: Math.fround(scale), zeroPoint: Math.round(-low / scale) };
  const readers = new Set([parts.node]);
  const value = bits < 8 ? clipFor(graph, parts, low, high) : parts.data;
  quantizeActivation(graph, value, bits === 16 ? 'uint16' : 'uint8', qparams, readers);
}

function clipFor(graph: Graph, { node, data }: ComputeParts, low: number, high: number): Value {
  const scalar = (name: string, number: number): Value =>
    graph.addInitializer(name, StoredTensor.of(fromNumbers('float32', [], [number])));
  const operands = { input: data, min: scalar('narrow_min', low), max: scalar('narrow_max', high) };
  const name = graph.uniqueName(`${data.name}_narrow`);
  const output = outputOf(graph.emit(Clip, operands, {}, { name }));
  node.replaceOperand(data, output);
  return output;
}
