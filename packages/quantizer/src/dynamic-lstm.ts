import { DynamicQuantizeLSTM, type Graph, LSTM, type Node, supersede, type Value } from '@octavo/core/ir';
import { holdsAnyProducts, quantize, quantizedTypeOfWeights } from '@octavo/core/quant';
import { fromNumbers, type StoredTensor, transposeMatrix } from '@octavo/core/tensor';
import { atNode } from './at-node.js';
import { deferredTensor } from './deferred-storage.js';
import { loadWeights } from './load-weights.js';
import { integersOf, type WeightPrecision } from './precision.js';
import type { WeightMemory } from './weight-memory.js';

/** Why an LSTM keeps its states float though activations are to be quantized at run time; undefined when it does not. */
export function declineDynamicLstm(graph: Graph, node: Node): string | undefined {
  if (LSTM.attributes(node).layout !== 0) return 'DynamicQuantizeLSTM has no batch-first layout';
  const { W, R } = LSTM.inputs(node);
  for (const { constant } of [W, R]) {
    if (constant?.dtype !== 'float32' || graph.inputs.some((input) => input.constant === constant))
      return 'W and R are not both float32 constants';
    if (!holdsAnyProducts(constant.shape[2] ?? 0)) return 'its sums could pass 2^31';
  }
  return undefined;
}

/** An LSTM with the precision of its weights: int8, symmetric, with a scale for each row of a gate. */
export interface LstmJob {
  readonly graph: Graph;
  readonly node: Node;
  readonly precision: WeightPrecision;
  readonly memory: WeightMemory;
}

/**
 * Replaces an LSTM that {@link declineDynamicLstm} has nothing against. Its weights become int8; its input, and its states in each step, become uint8 at run time.
 */
export function replaceByDynamicLstm(job: LstmJob): void {
  const { graph, node } = job;
  const { X, W, R, B, sequence_lens, initial_h, initial_c, P } = LSTM.inputs(node);
  const [w, r] = [quantizedOperands(job, W), quantizedOperands(job, R)];
  const attributes = new Map(node.attributes);
  attributes.delete('layout');
  graph.opsets.set('com.microsoft', 1);
  const replacement = graph.addNode(DynamicQuantizeLSTM, {
    name: node.name,
    inputs: DynamicQuantizeLSTM.arrangeInputs({
      ...{ X, W: w.integers, R: r.integers, B, sequence_lens, initial_h, initial_c, P },
      ...{ W_scale: w.scale, W_zero_point: w.zeroPoint, R_scale: r.scale, R_zero_point: r.zeroPoint },
    }),
    outputs: node.outputs.map((value) => value && graph.addValue(graph.uniqueName(value.name), value.type)),
    attributes,
  });
  node.outputs.forEach((from, index) => {
    const to = replacement.outputs[index];
    if (from && to) supersede(graph, from, to);
  });
}

/** Weights of a DynamicQuantizeLSTM. */
interface QuantizedOperands {
  /** `[directions, inputs, 4 * hidden]`. */
  readonly integers: Value;
  /** `[directions, 4 * hidden]`, like the zero points. */
  readonly scale: Value;
  readonly zeroPoint: Value;
}

/** Weights `[directions, 4 * hidden, inputs]` in integers, quantized when they are read; once for all layers that share them. */
function quantizedOperands({ node, precision, memory }: LstmJob, weights: Value): QuantizedOperands {
  const source = weights.constant;
  const [directions = 1, rows = 0, depth = 0] = source?.shape ?? [];
  const form = `of states ${JSON.stringify(precision)}`;
  const compute = () => atNode(node, () => quantizeRows(source, precision));
  const add = (dtype: 'int8' | 'float32', shape: number[], suffix: string, name: string): Value =>
    memory.add(weights, suffix, form, () => deferredTensor(dtype, shape, memory.cache, compute, name));
  return {
    integers: add('int8', [directions, depth, rows], 'quantized', 'integers'),
    scale: add('float32', [directions, rows], 'scale', 'scale'),
    zeroPoint: add('int8', [directions, rows], 'zero_point', 'zeroPoint'),
  };
}

async function quantizeRows(
  weights: StoredTensor | undefined,
  precision: WeightPrecision,
): Promise<Record<string, Uint8Array>> {
  const { data, shape } = await loadWeights(weights);
  const [directions = 1, rows = 0, depth = 0] = shape;
  const matrix = fromNumbers('float32', [directions * rows, depth], data);
  const integers = integersOf(precision);
  const type = quantizedTypeOfWeights(data, matrix.shape, {
    storage: 'int8',
    granularity: { kind: 'per-axis', axis: 0 },
    integers,
  });
  const { bytes } = quantize(matrix, type, integers);
  const size = rows * depth;
  const transposed = new Uint8Array(bytes.length);
  for (let d = 0; d < directions; d++)
    transposed.set(transposeMatrix(bytes.subarray(d * size, (d + 1) * size), rows, depth), d * size);
  return {
    integers: transposed,
    scale: new Uint8Array(type.scales.buffer),
    zeroPoint: new Uint8Array(directions * rows),
  };
}
