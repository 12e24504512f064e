import {
  Cast,
  DequantizeLinear,
  type Graph,
  type Node,
  outputOf,
  QuantizeLinear,
  tensorType,
  type Value,
} from '@octavo/core/ir';
import { type Qparams, type QuantizedType, type StorageDType, sameQuantization } from '@octavo/core/quant';
import { DTYPES, float32, fromNumbers, StoredTensor, Tensor } from '@octavo/core/tensor';
import type { ComputeParts } from './compute-ops.js';
import type { QuantizedLayer } from './quantize-layer.js';

/** A quantized activation in the graph: its integers, and the same dequantized. */
export interface QuantizedActivation {
  readonly integers: Value;
  readonly dequantized: Value;
}

/**
 * Inserts QuantizeLinear and DequantizeLinear after a value and lets readers read the dequantized one.
 * @param readers The nodes that change over; `all` includes the graph's outputs (names of outputs are kept).
 */
export function quantizeActivation(
  graph: Graph,
  value: Value,
  storage: StorageDType,
  qparams: Qparams,
  readers: ReadonlySet<Node> | 'all',
): QuantizedActivation {
  const users = value.users.filter((user) => readers === 'all' || readers.has(user));
  const base = value.name;
  const isOutput = readers === 'all' && graph.isOutput(value);
  if (isOutput) graph.rename(value, graph.uniqueName(`${base}_float`));
  const { scale, zeroPoint } = addQparams(graph, base, storage, qparams);
  const quantizeNode = graph.addNode(QuantizeLinear, {
    name: `${base}_QuantizeLinear`,
    inputs: [value, scale, zeroPoint],
    outputs: [graph.addValue(graph.uniqueName(`${base}_quantized`), tensorType(storage, value.shape))],
  });
  const integers = outputOf(quantizeNode);
  const dequantized = dequantizeValue(
    graph,
    integers,
    isOutput ? base : `${base}_dequantized`,
    base,
    scale,
    zeroPoint,
  );
  if (value.type) dequantized.type = value.type;
  for (const user of users) user.replaceOperand(value, dequantized);
  if (isOutput) graph.outputs = graph.outputs.map((output) => (output === value ? dequantized : output));
  return { integers, dequantized };
}

/** Adds a DequantizeLinear over integers with parameters that are in the graph already. */
export function dequantizeValue(
  graph: Graph,
  integers: Value,
  name: string,
  base: string,
  scale: Value,
  zeroPoint: Value | undefined,
): Value {
  const node = graph.addNode(DequantizeLinear, {
    name: `${base}_DequantizeLinear`,
    inputs: zeroPoint ? [integers, scale, zeroPoint] : [integers, scale],
    outputs: [graph.addValue(graph.uniqueName(name), tensorType('float32', integers.shape))],
  });
  return outputOf(node);
}

/** Scalar scale and zero point initializers called after `base`. */
export function addQparams(
  graph: Graph,
  base: string,
  storage: StorageDType,
  qparams: Qparams,
): { scale: Value; zeroPoint: Value } {
  return {
    scale: graph.addInitializer(`${base}_scale`, StoredTensor.of(float32([qparams.scale], []))),
    zeroPoint: graph.addInitializer(
      `${base}_zero_point`,
      StoredTensor.of(fromNumbers(storage, [], [qparams.zeroPoint])),
    ),
  };
}

/** Dequantized weights by the float weight they come from: layers that share a weight share its integers. */
export type DequantizedWeights = Map<Value, { readonly type: QuantizedType; readonly value: Value }[]>;

/** Replaces a layer's weight and bias by dequantized integers. Other readers of the float constants keep them. */
export function quantizeConstants(
  graph: Graph,
  parts: ComputeParts,
  layer: QuantizedLayer,
  known: DequantizedWeights,
): void {
  const { node, weight, weightIndex, bias, biasIndex } = parts;
  node.setInput(weightIndex, dequantizeWeight(graph, weight, layer, known));
  if (bias && layer.bias) {
    const { values, scales } = layer.bias;
    const type: QuantizedType = {
      storage: 'int32',
      expressed: 'float32',
      granularity: scales.length === 1 ? { kind: 'per-tensor' } : { kind: 'per-axis', axis: 0 },
      symmetric: true,
      scales,
      zeroPoints: new Int32Array(scales.length),
    };
    const name = `${bias.name}_${node.output?.name ?? ''}`;
    node.setInput(
      biasIndex,
      dequantizeConstant(graph, name, new Tensor('int32', [values.length], values), type),
    );
  }
  for (const value of [weight, bias]) if (value) dropUnused(graph, value);
}

/** Removes a constant that nobody reads. */
export function dropUnused(graph: Graph, value: Value): void {
  const isRead = graph.isUsed(value) || graph.inputs.includes(value);
  if (value.constant && !isRead && !graph.captures.includes(value)) graph.removeValue(value);
}

function dequantizeWeight(
  graph: Graph,
  weight: Value,
  { weights, weightType }: QuantizedLayer,
  known: DequantizedWeights,
): Value {
  const made = known.get(weight) ?? [];
  const same = made.find(({ type }) => sameQuantization(type, weightType));
  if (same) return same.value;
  const value = dequantizeConstant(graph, weight.name, weights, weightType);
  known.set(weight, [...made, { type: weightType, value }]);
  return value;
}

/**
 * onnxruntime 1.30 makes integer products of such weights as if they had 8 bits, and then refuses them. It folds the Cast
 * when it loads the model.
 */
const WIDENED: Readonly<Partial<Record<StorageDType, 'int8' | 'uint8'>>> = { int2: 'int8', uint2: 'uint8' };

function widen(graph: Graph, base: string, narrow: Value, dtype: 'int8' | 'uint8'): Value {
  const node = graph.emit(
    Cast,
    { input: narrow },
    { to: DTYPES[dtype].onnx },
    { name: `${base}_Cast`, outputNames: [`${base}_widened`] },
  );
  const value = outputOf(node);
  value.type = tensorType(dtype, narrow.shape);
  return value;
}

/** An integer initializer with its DequantizeLinear; int32 has no zero point (ONNX operators, DequantizeLinear). */
function dequantizeConstant(
  graph: Graph,
  base: string,
  integers: Tensor<StorageDType>,
  type: QuantizedType,
): Value {
  const shape = type.granularity.kind === 'per-tensor' ? [] : [type.scales.length];
  const stored = graph.addInitializer(`${base}_quantized`, StoredTensor.of(integers));
  const widened = WIDENED[type.storage];
  const read = widened ? widen(graph, base, stored, widened) : stored;
  const scale = graph.addInitializer(`${base}_scale`, StoredTensor.of(float32(type.scales, shape)));
  const zeroPoint =
    type.storage === 'int32'
      ? undefined
      : graph.addInitializer(
          `${base}_zero_point`,
          StoredTensor.of(fromNumbers(widened ?? type.storage, shape, type.zeroPoints)),
        );
  const axis = type.granularity.kind === 'per-axis' ? type.granularity.axis : undefined;
  const node = graph.addNode(DequantizeLinear, {
    name: `${base}_DequantizeLinear`,
    inputs: zeroPoint ? [read, scale, zeroPoint] : [read, scale],
    outputs: [graph.addValue(graph.uniqueName(`${base}_dequantized`), tensorType('float32', integers.shape))],
    attributes: DequantizeLinear.encodeAttributes({ axis }),
  });
  return outputOf(node);
}
