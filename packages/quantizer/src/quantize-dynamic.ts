import {
  Add,
  Cast,
  Conv,
  ConvInteger,
  DynamicQuantizeLinear,
  type Graph,
  MatMulInteger,
  type Model,
  Mul,
  type Node,
  type Value,
} from '@octavo/core/ir';
import { DTYPES, StoredTensor } from '@octavo/core/tensor';
import { eliminateDeadNodes, raiseOpset } from '@octavo/passes';
import { atNode } from './at-node.js';
import { type ComputeParts, isComputeOp, takeCompute } from './compute-ops.js';
import { channelShape, DynamicWeightMaker, type DynamicWeights } from './dynamic-weights.js';
import { QuantizerError } from './quantizer-error.js';
import type { Recipe } from './recipe.js';
import { replaceLayer } from './replace-layer.js';
import type { ReportBuilder } from './report.js';
import { runAll } from './run-passes.js';
import { excludedBecause } from './selection.js';

/** An activation quantized at run time (DynamicQuantizeLinear), shared by all its readers. */
interface DynamicActivation {
  readonly integers: Value;
  readonly scale: Value;
  readonly zeroPoint: Value;
}

/**
 * Dynamic quantization: weights become int8 now, activations uint8 in each run with the range they have there.
 * Multiplications become MatMulInteger or ConvInteger, scaled back to float.
 * @throws QuantizerError `NOTHING_TO_QUANTIZE`, `WEIGHTS_NOT_FINITE`.
 */
export async function quantizeDynamic(model: Model, recipe: Recipe, report: ReportBuilder): Promise<void> {
  const { graph } = model;
  await runAll(graph, [raiseOpset(11)], report);
  const weightMaker = new DynamicWeightMaker(graph, recipe);
  const activations = new Map<Value, DynamicActivation>();
  let count = 0;
  for (const node of graph.sorted().filter(isComputeOp)) {
    const entry = { node: node.label, op: node.op.name };
    const parts = excludedBecause(node, recipe) ?? takeCompute(graph, node);
    const weights =
      typeof parts === 'string' ? parts : await atNode(node, () => weightMaker.of(parts, Conv.is(node)));
    if (typeof parts === 'string' || typeof weights === 'string') {
      report.decisions.push({ ...entry, quantized: false, because: String(weights) });
      continue;
    }
    await replaceByIntegers(graph, parts, weights, activations);
    report.decisions.push({
      ...entry,
      quantized: true,
      because: `${recipe.weights} ${recipe.perChannel ? 'per-channel' : 'per-tensor'} weights, uint8 activations at run time`,
    });
    count++;
  }
  if (count === 0) {
    throw new QuantizerError({
      code: 'NOTHING_TO_QUANTIZE',
      message: 'the model has no Conv, MatMul or Gemm with constant weights.',
      remedy: 'Use --mode fp16.',
    });
  }
  await runAll(graph, [eliminateDeadNodes], report);
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
  const real = graph.emit(Cast, { input: output(product) }, { to }, { name: `${base}_cast` });
  const scale = graph.emit(Mul, { A: activation.scale, B: weights.scale }, {}, { name: `${base}_scales` });
  const scaled = graph.emit(Mul, { A: output(real), B: output(scale) }, {}, { name: `${base}_rescale` });
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
  return graph.emit(Add, { A: output(sum), B: shaped }, {}, { name: `${base}_bias` });
}

function output(node: Node): Value {
  if (!node.output) throw new Error(`${node.op.name} has an output`);
  return node.output;
}
