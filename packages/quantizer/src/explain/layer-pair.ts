import {
  Cast,
  cloneModel,
  DequantizeLinear,
  type Graph,
  inferTypes,
  type Model,
  type Node,
  QuantizeLinear,
  storedConstant,
  type Value,
} from '@octavo/core/ir';
import {
  dequantizeNumbers,
  isStorageDType,
  type QuantizedType,
  representableRange,
} from '@octavo/core/quant';
import { toNumbers } from '@octavo/core/tensor';
import { QparamsReader } from '@octavo/passes';
import type { ComputeParts } from '../compute-ops.js';
import { loadWeights } from '../load-weights.js';
import { quantizableLayers } from '../sensitivity/layer-statistics.js';
import type { IntegerGrid } from '../sensitivity/range-noise.js';

/** The integers that a layer reads. */
export interface IntegerInput {
  readonly type: QuantizedType;
  readonly grid: IntegerGrid;
  /** The float value that becomes integers, in the quantized model; undefined where callers give the integers. */
  readonly source: string | undefined;
}

/** Numbers that a quantized model has in place of a float constant; without a type they are float there too. */
export interface ReplacedConstant {
  readonly numbers: Float32Array;
  readonly type: QuantizedType | undefined;
}

/** A layer of a float model and what became of it. */
export interface LayerPair {
  readonly parts: ComputeParts;
  readonly weights: Float32Array;
  readonly shape: readonly number[];
  readonly bias: Float32Array | undefined;
  /** Its result in the quantized model. */
  readonly quantizedOutput: string;
  /** What it reads in the quantized model, before that becomes integers. */
  readonly quantizedData: string | undefined;
  readonly input: IntegerInput | undefined;
  readonly quantizedWeights: ReplacedConstant | undefined;
  readonly quantizedBias: ReplacedConstant | undefined;
}

/**
 * Finds, by the name of its result, what became of each layer (Conv, ConvTranspose, Gemm and MatMul with constant weights) in
 * a model with Q/DQ pairs; layers that are of another op there are left out.
 * @param original Prepared: folded, fused and typed.
 */
export async function pairLayers(original: Graph, quantized: Model): Promise<LayerPair[]> {
  const { graph } = cloneModel(quantized);
  inferTypes(graph);
  const reader = new QparamsReader();
  const pairs: LayerPair[] = [];
  for (const parts of quantizableLayers(original)) {
    const node = counterpart(graph, parts.node);
    if (node) pairs.push(await pairOf(parts, node, reader));
  }
  return pairs;
}

/** A result that became the graph's output has the suffix of what precedes it, or is behind changes of its type. */
function counterpart(graph: Graph, { op, output }: Node): Node | undefined {
  const names = [`${output?.name ?? ''}_float`, output?.name ?? ''];
  return names
    .map((name) => beforeConversions(graph.value(name)?.producer))
    .find((producer) => producer?.op.name === op.name);
}

function beforeConversions(node: Node | undefined): Node | undefined {
  let at = node;
  while (at && (Cast.is(at) || QuantizeLinear.is(at) || DequantizeLinear.is(at))) at = at.inputs[0]?.producer;
  return at;
}

async function pairOf(parts: ComputeParts, node: Node, reader: QparamsReader): Promise<LayerPair> {
  const { data, shape } = await loadWeights(parts.weight.constant);
  const read = node.inputs[parts.node.inputs.indexOf(parts.data)];
  const input = await readInput(read, reader);
  return {
    parts,
    weights: data,
    shape,
    bias: parts.bias && (await numbersOf(parts.bias)),
    quantizedOutput: node.output?.name ?? '',
    quantizedData: input ? input.source : read?.name,
    input,
    quantizedWeights: await readConstant(node.inputs[parts.weightIndex], data.length, reader),
    quantizedBias: parts.bias && (await readConstant(node.inputs[parts.biasIndex], undefined, reader)),
  };
}

async function readInput(read: Value | undefined, reader: QparamsReader): Promise<IntegerInput | undefined> {
  const dequantize = read?.producer;
  if (!dequantize || !DequantizeLinear.is(dequantize)) return undefined;
  const { type } = await reader.ofNode(dequantize);
  const scale = type?.scales[0];
  if (type?.granularity.kind !== 'per-tensor' || scale === undefined) return undefined;
  const { min: low, max: high } = representableRange(
    { scale, zeroPoint: type.zeroPoints[0] ?? 0 },
    type.storage,
  );
  const quantize = dequantize.inputs[0]?.producer;
  return {
    type,
    grid: { scale, low, high },
    source: quantize && QuantizeLinear.is(quantize) ? quantize.inputs[0]?.name : undefined,
  };
}

async function readConstant(
  value: Value | undefined,
  length: number | undefined,
  reader: QparamsReader,
): Promise<ReplacedConstant | undefined> {
  if (!value) return undefined;
  const found = storedConstant(value)
    ? { numbers: await numbersOf(value), type: undefined }
    : await readDequantized(value, reader);
  return length !== undefined && found?.numbers.length !== length ? undefined : found;
}

async function readDequantized(value: Value, reader: QparamsReader): Promise<ReplacedConstant | undefined> {
  const node = value.producer;
  const integers = node && DequantizeLinear.is(node) ? storedConstant(narrow(node.inputs[0])) : undefined;
  if (!node || !integers || !isStorageDType(integers.dtype)) return undefined;
  const { type } = await reader.ofNode(node);
  if (!type) return undefined;
  const numbers = dequantizeNumbers(toNumbers(await integers.load()), integers.shape, type);
  return { numbers, type: { ...type, storage: integers.dtype } };
}

/** Integers of few bits may be stored as they are and widened by the graph, for runtimes that want 8 bits. */
function narrow(integers: Value | undefined): Value | undefined {
  const widening = integers?.producer;
  return widening && Cast.is(widening) ? widening.inputs[0] : integers;
}

async function numbersOf(value: Value): Promise<Float32Array> {
  const constant = await storedConstant(value)?.load();
  return Float32Array.from(constant ? toNumbers(constant) : []);
}
