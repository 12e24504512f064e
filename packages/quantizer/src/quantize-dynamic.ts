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
import {
  type Granularity,
  PER_TENSOR,
  type QuantizedType,
  quantize,
  quantizedTypeOfWeights,
  type StorageDType,
} from '@octavo/core/quant';
import {
  DTYPES,
  float32,
  fromNumbers,
  StoredTensor,
  type Tensor,
  TensorError,
  toNumbers,
} from '@octavo/core/tensor';
import { eliminateDeadNodes, raiseOpset } from '@octavo/passes';
import { type ComputeParts, isComputeOp, takeCompute } from './compute-ops.js';
import { QuantizerError } from './quantizer-error.js';
import type { Recipe } from './recipe.js';
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
 * @throws QuantizerError `NOTHING_TO_QUANTIZE`.
 */
export async function quantizeDynamic(model: Model, recipe: Recipe, report: ReportBuilder): Promise<void> {
  const { graph } = model;
  await runAll(graph, [raiseOpset(11)], report);
  const activations = new Map<Value, DynamicActivation>();
  let count = 0;
  for (const node of graph.sorted().filter(isComputeOp)) {
    const parts = excludedBecause(node, recipe) ?? takeCompute(graph, node);
    const entry = { node: node.label, op: node.op.name };
    if (typeof parts === 'string') {
      report.decisions.push({ ...entry, quantized: false, because: parts });
      continue;
    }
    await replaceByIntegers(graph, parts, activations, recipe);
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
  activations: Map<Value, DynamicActivation>,
  recipe: Recipe,
): Promise<void> {
  const { node } = parts;
  const isConv = Conv.is(node);
  const activation = activations.get(parts.data) ?? quantizeAtRunTime(graph, parts.data);
  activations.set(parts.data, activation);
  const { weights, type } = await quantizeWeights(parts, isConv, recipe);
  const base = node.name || node.output?.name || parts.weight.name;
  const B = graph.addInitializer(`${parts.weight.name}_quantized`, StoredTensor.of(weights));
  const zeroPoint = graph.addInitializer(
    `${parts.weight.name}_zero_point`,
    StoredTensor.of(zeroPointTensor(type, isConv)),
  );
  const product = isConv
    ? graph.emit(
        ConvInteger,
        { x: activation.integers, w: B, x_zero_point: activation.zeroPoint, w_zero_point: zeroPoint },
        Conv.attributes(node),
        { name: `${base}_integer` },
      )
    : graph.emit(
        MatMulInteger,
        { A: activation.integers, B, a_zero_point: activation.zeroPoint, b_zero_point: zeroPoint },
        {},
        { name: `${base}_integer` },
      );
  const rank = parts.weight.constant?.shape.length ?? 2;
  const scaleShape = type.scales.length === 1 ? [] : channelShape(type.scales.length, isConv ? rank : 1);
  const weightScale = graph.addInitializer(
    `${parts.weight.name}_scale`,
    StoredTensor.of(float32(type.scales, scaleShape)),
  );
  const real = graph.emit(
    Cast,
    { input: output(product) },
    { to: DTYPES.float32.onnx },
    { name: `${base}_cast` },
  );
  const scale = graph.emit(Mul, { A: activation.scale, B: weightScale }, {}, { name: `${base}_scales` });
  const scaled = graph.emit(Mul, { A: output(real), B: output(scale) }, {}, { name: `${base}_rescale` });
  const result = parts.bias ? addBias(graph, scaled, parts.bias, isConv ? rank : 0, base) : scaled;
  takeOver(graph, parts, result);
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

/**
 * MatMulInteger takes B as [K, N]; ConvInteger has one zero point and, in onnxruntime, unsigned weights only:
 * int8 weights become uint8 with zero point 128, which means the same.
 */
async function quantizeWeights(
  parts: ComputeParts,
  isConv: boolean,
  recipe: Recipe,
): Promise<{ weights: Tensor<StorageDType>; type: QuantizedType }> {
  const loaded = await parts.weight.constant?.load();
  if (!loaded?.is('float32'))
    throw new TensorError({ code: 'TENSOR_DTYPE', message: 'weights are not float32.' });
  const source = !isConv && parts.channelAxis === 0 ? transpose(loaded) : loaded;
  const granularity: Granularity = recipe.perChannel
    ? { kind: 'per-axis', axis: isConv ? 0 : 1 }
    : PER_TENSOR;
  const symmetric = isConv || !recipe.weights.startsWith('u');
  const type = quantizedTypeOfWeights(source.data, source.shape, {
    storage: recipe.weights,
    symmetric,
    granularity,
  });
  const weights = quantize(source, type);
  if (!isConv || recipe.weights !== 'int8') return { weights, type };
  const shifted = Uint8Array.from(toNumbers(weights), (q) => q + 128);
  return {
    weights: fromNumbers('uint8', source.shape, shifted),
    type: { ...type, storage: 'uint8', zeroPoints: type.zeroPoints.map((zeroPoint) => zeroPoint + 128) },
  };
}

function zeroPointTensor(type: QuantizedType, isConv: boolean): Tensor {
  const uniform = isConv || type.zeroPoints.every((zeroPoint) => zeroPoint === type.zeroPoints[0]);
  return uniform
    ? fromNumbers(type.storage, [], type.zeroPoints.slice(0, 1))
    : fromNumbers(type.storage, [type.zeroPoints.length], type.zeroPoints);
}

function addBias(graph: Graph, sum: Node, bias: Value, rank: number, base: string): Node {
  const constant = bias.constant?.peek();
  const shaped =
    rank > 2 && constant
      ? graph.addInitializer(
          `${bias.name}_shaped`,
          StoredTensor.of(constant.reshape(channelShape(constant.size, rank))),
        )
      : bias;
  return graph.emit(Add, { A: output(sum), B: shaped }, {}, { name: `${base}_bias` });
}

/** [1, C, 1, 1 ...] of a given rank, or [C] for rank 1. */
function channelShape(channels: number, rank: number): number[] {
  return rank <= 1 ? [channels] : [1, channels, ...new Array<number>(rank - 2).fill(1)];
}

function takeOver(graph: Graph, { node, weight, bias }: ComputeParts, result: Node): void {
  const { output: from } = node;
  const to = output(result);
  if (!from) return;
  const { name, type } = from;
  graph.replaceAllUses(from, to);
  graph.removeNode(node);
  graph.rename(to, name);
  to.type = type;
  for (const value of [weight, bias])
    if (value?.constant && value.users.length === 0) graph.removeValue(value);
}

function transpose(tensor: Tensor<'float32'>): Tensor<'float32'> {
  const [rows = 0, columns = 0] = tensor.shape;
  return float32(
    Float32Array.from(tensor.data, (_, i) => tensor.data[(i % rows) * columns + Math.floor(i / rows)] ?? 0),
    [columns, rows],
  );
}

function output(node: Node): Value {
  if (!node.output) throw new Error(`${node.op.name} has an output`);
  return node.output;
}
