import {
  Add,
  Cast,
  Conv,
  ConvInteger,
  ConvTranspose,
  DynamicQuantizeLinear,
  Gemm,
  type Graph,
  MatMul,
  MatMulInteger,
  type Model,
  Mul,
  type Node,
  outputOf,
  type Value,
} from '@octavo/core/ir';
import { DTYPES, StoredTensor } from '@octavo/core/tensor';
import { eliminateDeadNodes } from '@octavo/passes';
import { atNode } from './at-node.js';
import { type ComputeParts, isComputeOp, takeCompute } from './compute-ops.js';
import { channelShape, DynamicWeightMaker, type DynamicWeights } from './dynamic-weights.js';
import { forEachGraph, type GraphJob } from './each-graph.js';
import { LayerPrecisions } from './layer-precisions.js';
import { nothingToQuantize } from './nothing-to-quantize.js';
import { bitsOf, describeWeights, type WeightPrecision, wholeRange } from './precision.js';
import { QuantizerError } from './quantizer-error.js';
import { raiseGraphs } from './raise-graphs.js';
import type { Recipe } from './recipe.js';
import { replaceLayer } from './replace-layer.js';
import type { NodeDecision, ReportBuilder } from './report.js';
import { runAll } from './run-passes.js';
import { quantizeStoredWeights, storedWeightsOpset } from './stored-weights.js';
import type { WeightMemory } from './weight-memory.js';
import { quantizeWeightsOnly, weightOnlyOpset } from './weight-only-layer.js';

/** An activation quantized at run time (DynamicQuantizeLinear), shared by all its readers. */
interface DynamicActivation {
  readonly integers: Value;
  readonly scale: Value;
  readonly zeroPoint: Value;
}

/** What the layers of one graph share while they are rewritten. */
interface DynamicRewrite {
  readonly graph: Graph;
  readonly recipe: Recipe;
  readonly precisions: LayerPrecisions;
  readonly weightMaker: DynamicWeightMaker;
  readonly activations: Map<Value, DynamicActivation>;
  readonly memory: WeightMemory;
}

/**
 * Dynamic quantization: weights become int8 now, activations uint8 in each run with the range they have there.
 * Multiplications become MatMulInteger or ConvInteger, scaled back to float, LSTM becomes DynamicQuantizeLSTM. Layers with
 * float activations by a rule, and ConvTranspose, which has no such op, have their weights quantized only; so have GRU and
 * the rows of embeddings. The graphs of If, Loop and Scan nodes are quantized like the model's own.
 * @throws QuantizerError `NOTHING_TO_QUANTIZE`, `WEIGHTS_NOT_FINITE`, `RECIPE_WEIGHTS`.
 */
export async function quantizeDynamic(model: Model, recipe: Recipe, report: ReportBuilder): Promise<void> {
  const { graph } = model;
  await raiseGraphs(graph, recipe, requiredOpset, report);
  const before = report.decisions.length;
  await forEachGraph(graph, recipe, (job, kept) => {
    report.keep(kept);
    return rewriteLayers(job, report);
  });
  if (!report.decisions.slice(before).some(({ quantized }) => quantized)) {
    throw nothingToQuantize(
      graph,
      'the model has no Conv, MatMul, Gemm, LSTM, GRU or Gather with constant weights.',
      'Use --mode fp16.',
    );
  }
  await runAll(graph, [eliminateDeadNodes], report);
}

async function rewriteLayers({ graph, recipe, memory }: GraphJob, report: ReportBuilder): Promise<void> {
  const rewrite: DynamicRewrite = {
    graph,
    recipe,
    precisions: new LayerPrecisions(graph, recipe),
    weightMaker: new DynamicWeightMaker(memory),
    activations: new Map(),
    memory,
  };
  for (const node of graph.sorted().filter(isComputeOp)) {
    const { label, op } = node;
    report.decisions.push({ node: label, op: op.name, ...(await rewriteLayer(rewrite, node)) });
  }
  quantizeStoredWeights(graph, rewrite.precisions, memory, report);
}

function requiredOpset({ graph, recipe }: GraphJob): number {
  const precisions = new LayerPrecisions(graph, recipe);
  const needed = graph.nodes.filter(isComputeOp).map((node) => {
    const { weights, activations } = precisions.of(node);
    const isWeightOnly = activations === 'float' || ConvTranspose.is(node);
    const parts = isWeightOnly && weights !== 'float' ? takeCompute(graph, node) : '';
    return typeof parts === 'string' || weights === 'float'
      ? 11
      : weightOnlyOpset(parts, weights, recipe.weightOnlyFormat);
  });
  return Math.max(11, storedWeightsOpset(graph, precisions), ...needed);
}

async function rewriteLayer(
  rewrite: DynamicRewrite,
  node: Node,
): Promise<Pick<NodeDecision, 'quantized' | 'because'>> {
  const { graph, recipe, precisions, memory } = rewrite;
  const parts = precisions.floatBecause(node) ?? takeCompute(graph, node);
  if (typeof parts === 'string') return { quantized: false, because: parts };
  const { weights: asked, activations } = precisions.of(node);
  if (asked === 'float') return { quantized: false, because: 'float weights by a layer rule' };
  // ConvInteger has uint8 weights in onnxruntime, whose products do not saturate.
  const precision = MatMul.is(node) || Gemm.is(node) ? asked : wholeRange(asked);
  if (activations === 'float' || ConvTranspose.is(node)) {
    quantizeWeightsOnly({ graph, parts, precision, memory }, recipe.weightOnlyFormat);
    return { quantized: true, because: describeWeights(precision) };
  }
  refuseNarrow(node, precision);
  const weights = await atNode(node, () => rewrite.weightMaker.of(parts, Conv.is(node), precision));
  if (typeof weights === 'string') return { quantized: false, because: weights };
  await replaceByIntegers(graph, parts, weights, rewrite.activations);
  return { quantized: true, because: `${describeWeights(precision)}, uint8 activations at run time` };
}

function refuseNarrow(node: Node, { dtype, granularity }: WeightPrecision): void {
  if (bitsOf(dtype) === 8 && granularity !== 'per-block') return;
  throw new QuantizerError({
    code: 'RECIPE_WEIGHTS',
    where: `node ${node.label}`,
    message: `dynamic quantization has int8 or uint8 weights without blocks, found ${dtype} ${granularity}.`,
    remedy: 'Use --weights int8, float activations for the layer, or --mode weight-only.',
  });
}

async function replaceByIntegers(
  graph: Graph,
  parts: ComputeParts,
  weights: DynamicWeights,
  activations: Map<Value, DynamicActivation>,
): Promise<void> {
  const { node } = parts;
  const activation = activations.get(parts.data) ?? quantizeAtRunTime(graph, parts.data);
  activations.set(parts.data, activation);
  const base = node.name || node.output?.name || parts.weight.name;
  const product = multiplyIntegers(graph, node, activation, weights, base);
  const to = DTYPES.float32.onnx;
  const real = graph.emit(Cast, { input: outputOf(product) }, { to }, { name: `${base}_cast` });
  const scale = graph.emit(Mul, { A: activation.scale, B: weights.scale }, {}, { name: `${base}_scales` });
  const scaled = graph.emit(Mul, { A: outputOf(real), B: outputOf(scale) }, {}, { name: `${base}_rescale` });
  const result = parts.bias ? await addBias(graph, scaled, parts, base) : scaled;
  replaceLayer(graph, parts, result);
}

function multiplyIntegers(
  graph: Graph,
  node: Node,
  activation: DynamicActivation,
  weights: DynamicWeights,
  base: string,
): Node {
  const options = { name: `${base}_integer` };
  if (Conv.is(node)) {
    const operands = {
      x: activation.integers,
      w: weights.integers,
      x_zero_point: activation.zeroPoint,
      w_zero_point: weights.zeroPoint,
    };
    return graph.emit(ConvInteger, operands, Conv.attributes(node), options);
  }
  const operands = {
    A: activation.integers,
    B: weights.integers,
    a_zero_point: activation.zeroPoint,
    b_zero_point: weights.zeroPoint,
  };
  return graph.emit(MatMulInteger, operands, {}, options);
}

function quantizeAtRunTime(graph: Graph, value: Value): DynamicActivation {
  const node = graph.emit(
    DynamicQuantizeLinear,
    { x: value },
    {},
    {
      name: `${value.name}_DynamicQuantizeLinear`,
      outputNames: [`${value.name}_quantized`, `${value.name}_scale`, `${value.name}_zero_point`],
    },
  );
  const [integers, scale, zeroPoint] = node.outputs;
  if (!integers || !scale || !zeroPoint) throw new Error('DynamicQuantizeLinear has three outputs');
  return { integers, scale, zeroPoint };
}

/** Adds a bias along the columns, or along the channels of a convolution. */
async function addBias(graph: Graph, sum: Node, parts: ComputeParts, base: string): Promise<Node> {
  const { bias, node, weight } = parts;
  const constant = bias?.constant;
  if (!bias || !constant) throw new Error('a layer with a bias that is constant');
  const rank = weight.constant?.shape.length ?? 0;
  const shaped = Conv.is(node)
    ? graph.addInitializer(
        `${bias.name}_shaped`,
        StoredTensor.of((await constant.load()).reshape(channelShape(constant.size, rank))),
      )
    : bias;
  return graph.emit(Add, { A: outputOf(sum), B: shaped }, {}, { name: `${base}_bias` });
}
