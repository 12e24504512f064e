import {
  Attention,
  AveragePool,
  Concat,
  Conv,
  ConvInteger,
  ConvTranspose,
  DeformConv,
  DynamicQuantizeLSTM,
  DynamicQuantizeMatMul,
  Einsum,
  FusedConv,
  Gather,
  GatherElements,
  GatherND,
  Gemm,
  GRU,
  GridSample,
  GridSample16,
  GroupQueryAttention,
  knownShape,
  LpPool,
  LRN,
  LSTM,
  MatMul,
  MatMulBnb4,
  MatMulInteger,
  MatMulIntegerToFloat,
  MatMulNBits,
  MaxPool,
  MicrosoftQLinearConv,
  type Node,
  NonMaxSuppression,
  type Op,
  Pow,
  parseEinsum,
  QAttention,
  QGemm,
  QLinearAveragePool,
  QLinearConcat,
  QLinearConv,
  QLinearMatMul,
  QMoE,
  Resize,
  Resize10,
  RNN,
  RoiAlign,
  RoiAlign10,
  Slice,
  Slice1,
  storedConstant,
  TopK,
  TopK1,
  Unique,
  Upsample,
  Upsample7,
  type Value,
} from '@octavo/core/ir';
import { DTYPES, elementCount, isBigInt, type Shape } from '@octavo/core/tensor';

type Count = (node: Node) => number;

/** What a step of a general loop costs, in the multiplications and additions of a matrix product. */
const STEP = 8;
/** What a 64-bit integer costs beside other numbers. */
const BIG = 16;
const factor = (value: Value | undefined): number => (value?.dtype && isBigInt(value.dtype) ? BIG : 1);
/** Places of a neighbourhood that an element of a resized axis mixes, growing and shrinking. */
const TAPS = 8;
/** Squarings of an integer power. */
const SQUARINGS = 64;
/** Steps for an element that is put in order. */
const SORTED = 1024;
/** Steps for an element between those of a grid. */
const SAMPLED = 64;

const shapeOf = (value: Value | undefined): Shape | undefined => knownShape(value?.shape);

/** Elements of a value, 0 where it is left out; any number where its shape is not known. */
function elements(value: Value | undefined): number {
  if (!value) return 0;
  const shape = shapeOf(value);
  return shape ? elementCount(shape) : Number.POSITIVE_INFINITY;
}

/** The elements of a value in units of what one of 32 bits costs. */
const weighted = (value: Value | undefined): number => elements(value) * factor(value);

const size = (node: Node, input: number, axis: number): number =>
  shapeOf(node.inputs[input])?.at(axis) ?? Number.POSITIVE_INFINITY;

const product = (sizes: readonly number[]): number => sizes.reduce((all, each) => all * each, 1);

/** Each element of the result is a sum of so many products. */
const sums =
  (depth: Count): Count =>
  (node) =>
    weighted(node.output) * depth(node);

/** A convolution with the filters at input `weights`, of shape `[M, C / group, kernel...]`. */
const filters = (weights: number, steps = STEP): Count =>
  sums((node) => (steps * elements(node.inputs[weights])) / Math.max(1, size(node, weights, 0)));

const windows =
  (kernelOf: (node: Node) => readonly number[]): Count =>
  (node) => {
    const spatial = shapeOf(node.inputs[0])?.slice(2) ?? [];
    const covered = kernelOf(node).map((length, axis) => Math.min(length, spatial[axis] ?? length));
    return STEP * elements(node.output) * product(covered);
  };

const recurrence: Count = (node) =>
  size(node, 0, 0) * size(node, 0, 1) * (elements(node.inputs[1]) + elements(node.inputs[2])) * 2;

function einsum(node: Node): number {
  const shapes = node.inputs.map(shapeOf);
  const ranks = shapes.map((shape) => shape?.length ?? 0);
  const sizes = new Map<string, number>();
  parseEinsum(Einsum.attributes(node).equation, ranks).inputs.forEach((labels, input) => {
    labels.forEach((label, axis) => {
      sizes.set(label, Math.max(sizes.get(label) ?? 0, shapes[input]?.[axis] ?? Number.POSITIVE_INFINITY));
    });
  });
  return STEP * factor(node.output) * shapes.length * product([...sizes.values()]);
}

/** Every box may be compared with every other of its sample. */
const suppression: Count = (node) => STEP * elements(node.inputs[1]) * size(node, 1, -1);

/** Axis by axis, in an order that may let all that grow come before those that shrink. */
function resizing(node: Node): number {
  const [from, to] = [shapeOf(node.inputs[0]), shapeOf(node.output)];
  if (!from || !to) return Number.POSITIVE_INFINITY;
  return STEP * TAPS * from.length * product(from.map((length, axis) => Math.max(length, to[axis] ?? 0)));
}

function localResponse(node: Node): number {
  return STEP * elements(node.output) * Math.min(LRN.attributes(node).size, size(node, 0, 1));
}

/** What nobody stores in a file to be computed once, and what the elements decide. */
const unbounded: Count = () => Number.POSITIVE_INFINITY;

const all = (ops: readonly Op[], count: Count) => ops.map((op): readonly [Op, Count] => [op, count]);
const byKey = (counts: readonly (readonly [Op, Count])[]) =>
  new Map(counts.map(([op, count]) => [op.key, count]));

/** The ops whose work is not in proportion to the numbers that they read and write: a bound of theirs. */
const COUNTS: ReadonlyMap<string, Count> = byKey([
  ...all(
    [MatMul, MatMulInteger, QLinearMatMul, MatMulIntegerToFloat, DynamicQuantizeMatMul],
    sums((node) => size(node, 0, -1)),
  ),
  [Gemm, sums((node) => size(node, 0, Gemm.attributes(node).transA ? 0 : 1))],
  [QGemm, sums((node) => size(node, 0, QGemm.attributes(node).transA ? 0 : 1))],
  [MatMulNBits, sums((node) => MatMulNBits.attributes(node).K)],
  [MatMulBnb4, sums((node) => MatMulBnb4.attributes(node).K)],
  ...all([Conv, FusedConv, ConvInteger], filters(1)),
  [DeformConv, filters(1, STEP * SAMPLED)],
  ...all([QLinearConv, MicrosoftQLinearConv], filters(3)),
  [
    ConvTranspose,
    (node) => (STEP * elements(node.inputs[0]) * elements(node.inputs[1])) / Math.max(1, size(node, 1, 0)),
  ],
  ...all([LSTM, GRU, RNN, DynamicQuantizeLSTM], recurrence),
  [AveragePool, windows((node) => AveragePool.attributes(node).kernel_shape)],
  [MaxPool, windows((node) => MaxPool.attributes(node).kernel_shape)],
  [LpPool, windows((node) => LpPool.attributes(node).kernel_shape)],
  [QLinearAveragePool, windows((node) => QLinearAveragePool.attributes(node).kernel_shape)],
  [Einsum, einsum],
  [NonMaxSuppression, suppression],
  ...all([Resize, Resize10, Upsample, Upsample7], resizing),
  [LRN, localResponse],
  [Pow, ({ output }) => (factor(output) > 1 ? STEP * SQUARINGS * weighted(output) : 0)],
  ...all([TopK, TopK1, Unique], (node) => STEP * SORTED * elements(node.inputs[0])),
  ...all([GridSample, GridSample16], (node) => STEP * SAMPLED * elements(node.output)),
  ...all([Attention, GroupQueryAttention, QAttention, QMoE, RoiAlign, RoiAlign10], unbounded),
]);

/** How many elements an op reads for each that it gives, at most: one of each operand, such as in a sum of many. */
const readForEach: Count = (node) =>
  Concat.is(node) || QLinearConcat.is(node) ? 1 : Math.max(1, node.inputs.length);

/** Ops that read of their first input no more than they write. */
const PICKING: ReadonlySet<string> = new Set(
  [Gather, GatherElements, GatherND, Slice, Slice1].map(({ key }) => key),
);

/**
 * At most a copy of what is in memory, so that it is aligned; elsewhere all of it is read. Elements that no array has, such
 * as strings and packed integers, are all taken apart.
 */
function loading(value: Value | undefined): number {
  const bits = value?.dtype === undefined ? 0 : DTYPES[value.dtype].bits;
  const isCopied = storedConstant(value)?.storage.resident && bits >= 8 && bits <= 64;
  return (isCopied ? 1 : STEP) * weighted(value);
}

const picking: Count = ({ inputs: [from, ...places], output }) =>
  loading(from) + STEP * (places.reduce((sum, value) => sum + weighted(value), 0) + 2 * weighted(output));

const proportional: Count = (node) => {
  if (PICKING.has(node.op.key) && shapeOf(node.output)) return picking(node);
  const { inputs, outputs } = node;
  const read = inputs.reduce((sum, value) => sum + weighted(value), 0);
  // Results of unknown shape come from the elements that are read.
  const written = outputs.reduce((sum, value) => sum + (shapeOf(value) ? weighted(value) : 0), 0);
  return STEP * (read + written * readForEach(node));
};

/**
 * Upper bound of the operations that computing a node takes: about as long as so many multiplications with additions of a
 * matrix product. Infinite where no bound is known.
 */
export function operationsOf(node: Node): number {
  return proportional(node) + (COUNTS.get(node.op.key)?.(node) ?? 0);
}
