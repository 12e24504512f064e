import {
  Cast,
  Conv,
  ConvInteger,
  DynamicQuantizeLinear,
  MatMulInteger,
  Mul,
  type Node,
  storedConstant,
  type Value,
} from '@octavo/core/ir';
import { dequantizeNumbers, isStorageDType, type QuantizedType } from '@octavo/core/quant';
import { type StoredTensor, toNumbers, transposeMatrix } from '@octavo/core/tensor';
import type { ComputeParts } from '../../compute-ops.js';
import { extremesOf, type LayerForm, type ReplacedConstant } from './layer-form.js';
import { isMatrixProduct } from './matmul-nbits.js';

/** DynamicQuantizeLinear, MatMulInteger or ConvInteger, Cast, and Mul by the product of both scales. */
export const dynamic: LayerForm = {
  matches(node, op) {
    const product = productOf(node);
    if (!product) return false;
    return MatMulInteger.is(product.node) ? isMatrixProduct(op) : op === Conv;
  },
  async read(node, parts) {
    const product = productOf(node);
    return {
      data: product?.quantize.inputs[0]?.name,
      input: { type: RUN_TIME, grid: undefined },
      weights: product && (await readWeights(product, parts)),
      bias: undefined,
    };
  },
};

/** uint8 with a scale of each run's own. */
const RUN_TIME: QuantizedType = {
  storage: 'uint8',
  expressed: 'float32',
  granularity: { kind: 'per-tensor' },
  symmetric: false,
  scales: new Float32Array(),
  zeroPoints: new Int32Array(),
};

interface DynamicProduct {
  readonly node: Node;
  readonly quantize: Node;
  /** Of the weights. */
  readonly scale: StoredTensor;
}

/** The parts of a product that a node scales back to float. */
function productOf(rescale: Node): DynamicProduct | undefined {
  if (!Mul.is(rescale)) return undefined;
  for (const [sums, factor] of [rescale.inputs, rescale.inputs.toReversed()]) {
    const node = sums?.producer && Cast.is(sums.producer) ? sums.producer.inputs[0]?.producer : undefined;
    if (!node || !(MatMulInteger.is(node) || ConvInteger.is(node))) continue;
    const quantize = node.inputs[0]?.producer;
    const scale = constantFactor(factor, quantize);
    if (quantize && DynamicQuantizeLinear.is(quantize) && scale) return { node, quantize, scale };
  }
  return undefined;
}

/** The constant that multiplies the scale of the activations. */
function constantFactor(factor: Value | undefined, quantize: Node | undefined): StoredTensor | undefined {
  const product = factor?.producer;
  if (!product || !Mul.is(product) || !product.inputs.includes(quantize?.outputs[1])) return undefined;
  return product.inputs.map(storedConstant).find((constant) => constant !== undefined);
}

async function readWeights(
  { node, scale }: DynamicProduct,
  parts: ComputeParts,
): Promise<ReplacedConstant | undefined> {
  const integers = await storedConstant(node.inputs[1])?.load();
  const zero = node.inputs[3];
  const zeroPoint = await storedConstant(zero)?.load();
  if (!integers || !isStorageDType(integers.dtype) || (zero && !zeroPoint)) return undefined;
  const isMatrix = MatMulInteger.is(node);
  const [rows = 0, columns = 0] = integers.shape;
  const channels = isMatrix ? columns : (integers.shape[0] ?? 0);
  const zeros = zeroPoint ? toNumbers(zeroPoint) : [0];
  const factors = toNumbers(await scale.load());
  const count = Math.max(factors.length, zeros.length);
  if (![factors.length, zeros.length].every((length) => length === 1 || length === channels))
    return undefined;
  const scales = Float32Array.from({ length: count }, (_, i) => factors[factors.length === 1 ? 0 : i] ?? 1);
  const zeroPoints = Int32Array.from(scales, (_, i) => zeros[zeros.length === 1 ? 0 : i] ?? 0);
  const type: QuantizedType = {
    storage: integers.dtype,
    expressed: 'float32',
    granularity: scales.length === 1 ? { kind: 'per-tensor' } : { kind: 'per-axis', axis: isMatrix ? 1 : 0 },
    symmetric: zeroPoints.every((each) => each === (integers.dtype === 'uint8' ? 128 : 0)),
    scales,
    zeroPoints,
  };
  const stored = toNumbers(integers);
  const numbers = Float32Array.from(dequantizeNumbers(stored, integers.shape, type));
  const isTransposed = isMatrix && parts.channelAxis === 0;
  return {
    numbers: isTransposed ? transposeMatrix(numbers, rows, columns) : numbers,
    type,
    integers: extremesOf(stored),
  };
}
