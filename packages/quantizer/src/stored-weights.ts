import { Gather, GRU, type Graph, LSTM, type Node, type Op, RNN, type Value } from '@octavo/core/ir';
import type { ComputeParts } from './compute-ops.js';
import { declineDynamicLstm, replaceByDynamicLstm } from './dynamic-lstm.js';
import { readBlockedRows } from './embedding-blocks.js';
import { readQuantizedRows } from './embedding-rows.js';
import type { LayerPrecisions } from './layer-precisions.js';
import { bitsOf, describeWeights, opsetOf, type WeightPrecision, wholeRange } from './precision.js';
import { QuantizerError } from './quantizer-error.js';
import type { ReportBuilder } from './report.js';
import type { WeightMemory } from './weight-memory.js';
import { quantizeWeightsOnly } from './weight-only-layer.js';

/**
 * Eight bits whatever the recipe gives to products: errors of a recurrence add up, and rows are read as they are. Only a
 * layer rule gives rows fewer.
 */
const PRECISION: WeightPrecision = {
  dtype: 'int8',
  symmetric: true,
  granularity: 'per-channel',
  blockSize: 32,
};

/** Smaller weights are not worth their DequantizeLinear. */
export const SMALLEST_WEIGHT = 1024;

/** An op whose weights are kept in integers without an integer product: it computes in float. */
interface StoredWeightOp {
  readonly op: Op;
  /** What each weight belongs to; `channelAxis` counts what has a scale of its own. */
  parts(node: Node): readonly ComputeParts[];
  /** How the weights are kept. */
  form(layer: StoredLayer): StoredForm;
  /** Of the weights. */
  readonly rank: number;
}

/** A node whose weights are to be kept in integers. */
interface StoredLayer {
  readonly graph: Graph;
  readonly node: Node;
  /** What rules ask of its weights. */
  readonly asked: WeightPrecision | undefined;
  /** Whether what it multiplies by them is to be quantized at run time. */
  readonly isDynamic: boolean;
  /** Whether products of int8 weights are to keep within `REDUCED_INT8`. */
  readonly reduceRange: boolean;
}

/** Integers that weights are kept in. */
interface StoredForm {
  quantize(graph: Graph, parts: readonly ComputeParts[], memory: WeightMemory): void;
  readonly precision: WeightPrecision;
  /** In words, for the report. */
  readonly result: string;
  /** The least opset of what is written. */
  readonly opset: number;
}

/** W and R are [directions, gates x hidden, inputs]: a scale for each row of a gate. */
function recurrent(op: Op, statesOf: (layer: StoredLayer) => StoredForm): StoredWeightOp {
  return {
    op,
    parts: (node) => [1, 2].flatMap((index) => partsOf(node, node.inputs[0], index, 1)),
    form: statesOf,
    rank: 3,
  };
}

function unquantizedStates({ node, isDynamic }: StoredLayer): StoredForm {
  return isDynamic ? floatStates(`onnxruntime has no quantized ${node.op.name}`) : floatStates();
}

/** @param because Why states are not quantized at run time, where they should be. */
function floatStates(because?: string): StoredForm {
  return {
    quantize: (graph, layer, memory) => {
      for (const parts of layer) quantizeWeightsOnly({ graph, parts, precision: PRECISION, memory }, 'qdq');
    },
    precision: PRECISION,
    result: `int8 per-channel weights, float activations${because === undefined ? '' : `: ${because}`}`,
    opset: 13,
  };
}

function lstmStates({ graph, node, isDynamic, reduceRange }: StoredLayer): StoredForm {
  if (!isDynamic) return floatStates();
  const declined = declineDynamicLstm(graph, node);
  return declined === undefined ? dynamicStates(node, { ...PRECISION, reduceRange }) : floatStates(declined);
}

function dynamicStates(node: Node, precision: WeightPrecision): StoredForm {
  return {
    quantize: (graph, _, memory) => replaceByDynamicLstm({ graph, node, precision, memory }),
    precision,
    result: `${describeWeights(precision)}, uint8 input and states at run time`,
    opset: 7,
  };
}

const embedding: StoredWeightOp = {
  op: Gather,
  parts: (node) => (Gather.attributes(node).axis === 0 ? partsOf(node, node.inputs[1], 0, 0) : []),
  form: ({ node, asked }) => (asked?.granularity === 'per-block' ? rowsInBlocks(node, asked) : INT8_ROWS),
  rank: 2,
};

const INT8_ROWS: StoredForm = {
  quantize: (graph, rows, memory) => {
    for (const parts of rows) readQuantizedRows({ graph, parts, precision: PRECISION, memory });
  },
  precision: PRECISION,
  result: 'int8 rows',
  opset: 7,
};

/** onnxruntime gathers rows in blocks of 4 bits. */
function rowsInBlocks(node: Node, precision: WeightPrecision): StoredForm {
  if (bitsOf(precision.dtype) !== 4)
    throw new QuantizerError({
      code: 'RECIPE_LAYERS',
      where: `node ${node.label}`,
      message: `a layer rule keeps its rows as ${precision.dtype} in blocks; rows in blocks have 4 bits.`,
      remedy: 'Use int4 or uint4, or per-channel granularity for int8 rows.',
    });
  return {
    quantize: (graph, rows, memory) => {
      for (const parts of rows) readBlockedRows({ graph, parts, precision, memory });
    },
    precision,
    result: describeWeights(precision),
    opset: opsetOf(precision),
  };
}

const STORED_WEIGHT_OPS: readonly StoredWeightOp[] = [
  recurrent(LSTM, lstmStates),
  recurrent(GRU, unquantizedStates),
  recurrent(RNN, unquantizedStates),
  embedding,
];

function partsOf(
  node: Node,
  data: Value | undefined,
  weightIndex: number,
  channelAxis: number,
): readonly ComputeParts[] {
  const weight = node.inputs[weightIndex];
  return data && weight
    ? [{ node, data, weight, weightIndex, bias: undefined, biasIndex: -1, channelAxis }]
    : [];
}

/** Whether weights of a node can be kept in eight bits if they are constant and large. */
export function isStoredWeightOp(node: Node): boolean {
  return STORED_WEIGHT_OPS.some(({ op }) => op === node.op);
}

/** The nodes of a graph whose weights can be kept in eight bits, with those weights. */
export function storedWeightNodes(
  graph: Graph,
): readonly { readonly node: Node; readonly parts: readonly ComputeParts[] }[] {
  return graph.sorted().flatMap((node) => {
    const entry = STORED_WEIGHT_OPS.find(({ op }) => op === node.op);
    const parts = entry?.parts(node).filter(({ weight }) => isLargeConstant(graph, weight, entry.rank)) ?? [];
    const isRead = node.outputs.some((value) => value && graph.isUsed(value));
    return isRead && parts.length > 0 ? [{ node, parts }] : [];
  });
}

/** Those of {@link storedWeightNodes} that a recipe does not keep in float. */
function storedWeights(
  graph: Graph,
  precisions: LayerPrecisions,
): readonly {
  readonly node: Node;
  readonly parts: readonly ComputeParts[];
  readonly form: StoredForm;
}[] {
  return storedWeightNodes(graph).flatMap(({ node, parts }) => {
    const entry = STORED_WEIGHT_OPS.find(({ op }) => op === node.op);
    if (!entry || precisions.floatBecause(node) !== undefined) return [];
    const layer = {
      asked: precisions.chosenWeights(node),
      isDynamic: precisions.isDynamic(node),
      reduceRange: precisions.reducesRange,
    };
    const form = entry.form({ graph, node, ...layer });
    const unmet = unmetRules(precisions.changedWeights(node, form.precision), form.precision);
    if (unmet === undefined) return [{ node, parts, form }];
    const result = `${form.result}; a layer rule's ${unmet} are not for ${node.op.name}`;
    return [{ node, parts, form: { ...form, result } }];
  });
}

/** In words, the weights that rules ask for where a form has others. */
function unmetRules(asked: WeightPrecision, given: WeightPrecision): string | undefined {
  const [wanted, kept] = [asked, given].map((each) => describeWeights(wholeRange(each)));
  if (wanted !== kept) return wanted;
  return asked.blockSize === given.blockSize ? undefined : `blocks of ${asked.blockSize}`;
}

function isLargeConstant(graph: Graph, { constant }: Value, rank: number): boolean {
  const size = constant?.shape.reduce((product, each) => product * each, 1) ?? 0;
  const isWeight = constant?.dtype === 'float32' && constant.shape.length === rank;
  return isWeight && size >= SMALLEST_WEIGHT && !graph.inputs.some((input) => input.constant === constant);
}

/** The least opset that {@link quantizeStoredWeights} needs. */
export function storedWeightsOpset(graph: Graph, precisions: LayerPrecisions): number {
  return Math.max(1, ...storedWeights(graph, precisions).map(({ form }) => form.opset));
}

/**
 * Keeps the weights of recurrent layers and the rows of embeddings as integers; LSTM whose activations are quantized at run
 * time computes with them.
 */
export function quantizeStoredWeights(
  graph: Graph,
  precisions: LayerPrecisions,
  memory: WeightMemory,
  report: ReportBuilder,
): void {
  for (const { form, node, parts } of storedWeights(graph, precisions)) {
    report.decisions.push({ node: node.label, op: node.op.name, quantized: true, because: form.result });
    form.quantize(graph, parts, memory);
  }
}
