import {
  Add,
  Cast,
  Clip,
  cloneModel,
  DequantizeLinear,
  type Graph,
  inferTypes,
  type Model,
  type Node,
  type Op,
  QuantizeLinear,
  storedConstant,
  type Value,
} from '@octavo/core/ir';
import { QparamsReader } from '@octavo/passes';
import type { ComputeParts } from '../compute-ops.js';
import { loadWeights } from '../load-weights.js';
import { resultOf } from '../result-of.js';
import { quantizableLayers } from '../sensitivity/layer-statistics.js';
import { LAYER_FORMS } from './forms/index.js';
import type { IntegerInput, LayerForm, ReplacedConstant } from './forms/layer-form.js';
import { numbersOf } from './forms/qdq.js';

/** A layer of a float model and what became of it. */
export interface LayerPair {
  readonly parts: ComputeParts;
  readonly weights: Float32Array;
  readonly shape: readonly number[];
  readonly bias: Float32Array | undefined;
  /** The value of the original that the quantized model has too: the layer's result, or that behind its Relu or Clip. */
  readonly output: string;
  /** The same in the quantized model. */
  readonly quantizedOutput: string;
  /** What it reads in the quantized model, before that becomes integers. */
  readonly quantizedData: string | undefined;
  readonly input: IntegerInput | undefined;
  readonly quantizedWeights: ReplacedConstant | undefined;
  readonly quantizedBias: ReplacedConstant | undefined;
}

/**
 * Finds, by the name of its result, what became of each layer (Conv, ConvTranspose, Gemm and MatMul with constant weights) in
 * a quantized model: in Q/DQ pairs, dynamic, or with weights in blocks. Layers that are none of these there are left out.
 * @param original Prepared: folded, fused and typed.
 */
export async function pairLayers(original: Graph, quantized: Model): Promise<LayerPair[]> {
  const { graph } = cloneModel(quantized);
  inferTypes(graph);
  const reader = new QparamsReader();
  const pairs: LayerPair[] = [];
  for (const parts of quantizableLayers(original)) {
    const found = [parts.node.output, resultOf(original, parts.node)]
      .map((output) => output && counterpart(graph, output, parts.node.op))
      .find((each) => each !== undefined);
    if (found) pairs.push(await pairOf(parts, found, reader));
  }
  return pairs;
}

/** A layer of a quantized model. */
interface Counterpart {
  /** Of the value in the original. */
  readonly name: string;
  readonly node: Node;
  readonly form: LayerForm;
  readonly output: Value | undefined;
  /** A bias that is added behind the node. */
  readonly addend: Value | undefined;
}

/**
 * A result that became the graph's output has the suffix of what precedes it, that of an integer op the suffix of integers;
 * or it is behind changes of its type, and the ends of a range.
 */
function counterpart(graph: Graph, { name }: Value, op: Op): Counterpart | undefined {
  for (const each of [`${name}_float`, name, `${name}_quantized`]) {
    const last = beforeConversions(graph.value(each)?.producer);
    const inner = last && Clip.is(last) ? beforeConversions(last.inputs[0]?.producer) : last;
    const sum = inner && Add.is(inner) ? constantSum(inner) : undefined;
    const node = sum?.node ?? inner;
    const form = node && LAYER_FORMS.find((candidate) => candidate.matches(node, op));
    if (node && form) return { name, node, form, output: last?.output, addend: sum?.addend };
  }
  return undefined;
}

function beforeConversions(node: Node | undefined): Node | undefined {
  let at = node;
  while (at && (Cast.is(at) || QuantizeLinear.is(at) || DequantizeLinear.is(at))) at = at.inputs[0]?.producer;
  return at;
}

/** The node that a constant is added to. */
function constantSum({ inputs }: Node): { node: Node; addend: Value } | undefined {
  const addend = inputs.find((value) => storedConstant(value));
  const node = inputs.find((value) => value !== addend)?.producer;
  return addend && node ? { node, addend } : undefined;
}

async function pairOf(
  parts: ComputeParts,
  { name, node, form, output, addend }: Counterpart,
  reader: QparamsReader,
): Promise<LayerPair> {
  const { data, shape } = await loadWeights(parts.weight.constant);
  const found = await form.read(node, parts, reader);
  return {
    parts,
    weights: data,
    shape,
    bias: parts.bias && (await numbersOf(parts.bias)),
    output: name,
    quantizedOutput: output?.name ?? '',
    quantizedData: found.data,
    input: found.input,
    // Weights of another size are of a layer that only has the name.
    quantizedWeights: found.weights?.numbers.length === data.length ? found.weights : undefined,
    quantizedBias: addend ? { numbers: await numbersOf(addend), type: undefined } : found.bias,
  };
}
