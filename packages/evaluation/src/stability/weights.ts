import {
  Cast,
  cloneModel,
  DequantizeLinear,
  type Graph,
  inferTypes,
  MatMulNBits,
  type Model,
  type Node,
  runPasses,
  storedConstant,
} from '@octavo/core/ir';
import {
  dequantizeNumbers,
  isStorageDType,
  measureError,
  nbitsIntegers,
  type QuantizedType,
  type RealRange,
  representableRange,
  type StorageDType,
  storageRange,
} from '@octavo/core/quant';
import {
  type NumberArray,
  type Shape,
  type StoredTensor,
  toNumbers,
  transposeMatrix,
} from '@octavo/core/tensor';
import { foldQdq, liftConstants, QparamsReader } from '@octavo/passes';
import { type Distribution, DistributionMeasure } from './distribution.js';

/** What the integers of one weight look like. */
export interface WeightFigures extends Distribution {
  readonly value: string;
  readonly storage: StorageDType;
  readonly granularity: QuantizedType['granularity']['kind'];
  /** What the integers can stand for, in the channel or block with the largest scale. */
  readonly range: RealRange;
  /** Share of the elements at the smallest or largest integer of the storage type. */
  readonly atLimits: number;
  /** Share of the elements that are 0. */
  readonly zeros: number;
  /** Largest scale / smallest scale: how unlike the channels or blocks are. */
  readonly scaleSpread: number;
  /** Against the original's weight, in dB; absent where that is not found by name and shape. */
  readonly sqnr?: number;
}

/**
 * The quantized weights of a model, dequantized: of Q/DQ pairs, also where narrow integers are widened by a Cast, and of
 * MatMulNBits; biases (int32) are left out. Lowest SQNR first.
 */
export async function measureWeights(quantized: Model, original: Graph): Promise<WeightFigures[]> {
  const { graph } = cloneModel(quantized);
  inferTypes(graph);
  await runPasses(graph, [liftConstants, foldQdq]);
  const figures: WeightFigures[] = [];
  for await (const weight of quantizedWeights(graph)) figures.push(await figuresOf(weight, original));
  const order = ({ sqnr }: WeightFigures): number => sqnr ?? Number.POSITIVE_INFINITY;
  return figures.sort((a, b) => (order(a) === order(b) ? 0 : order(a) - order(b)));
}

/** The integers of one weight. */
interface QuantizedWeight {
  /** What the original calls it. */
  readonly name: string;
  readonly integers: NumberArray;
  readonly shape: Shape;
  readonly type: QuantizedType;
}

async function* quantizedWeights(graph: Graph): AsyncGenerator<QuantizedWeight> {
  for (const { name, constant, quantized: type } of graph.initializers) {
    if (!type || type.storage === 'int32' || !constant) continue;
    const tensor = await constant.load();
    yield { name: nameOf(name, 'quantized'), integers: toNumbers(tensor), shape: tensor.shape, type };
  }
  for (const node of graph.nodes) {
    const weight = DequantizeLinear.is(node)
      ? await widenedWeight(node)
      : MatMulNBits.is(node)
        ? await blockedWeight(node)
        : undefined;
    if (weight) yield weight;
  }
}

/** Integers of few bits that a Cast widens for runtimes that want 8. */
async function widenedWeight(node: Node): Promise<QuantizedWeight | undefined> {
  const cast = node.inputs[0]?.producer;
  const stored = cast && Cast.is(cast) ? cast.inputs[0] : undefined;
  const constant = storedConstant(stored);
  const { type } = await new QparamsReader().ofNode(node);
  if (!stored || !constant || !type || !isStorageDType(constant.dtype)) return undefined;
  const tensor = await constant.load();
  const storage = constant.dtype;
  return {
    name: nameOf(stored.name, 'quantized'),
    integers: toNumbers(tensor),
    shape: tensor.shape,
    type: { ...type, storage },
  };
}

async function blockedWeight(node: Node): Promise<QuantizedWeight | undefined> {
  const [, packed, scales, zeroPoints] = await Promise.all(
    node.inputs.slice(0, 4).map((value, index) => (index === 0 ? undefined : storedConstant(value)?.load())),
  );
  if (!packed || !scales || (node.inputs[3] && !zeroPoints)) return undefined;
  const found = nbitsIntegers(packed, scales, zeroPoints, MatMulNBits.attributes(node));
  return found && { name: nameOf(node.inputs[1]?.name ?? '', 'packed'), ...found };
}

function nameOf(name: string, suffix: string): string {
  return name.endsWith(`_${suffix}`) ? name.slice(0, -suffix.length - 1) : name;
}

async function figuresOf(
  { name, integers, shape, type }: QuantizedWeight,
  original: Graph,
): Promise<WeightFigures> {
  const numbers = dequantizeNumbers(integers, shape, type);
  const source = await inShape(original.value(name)?.constant, shape);
  const measure = new DistributionMeasure();
  measure.add(numbers);
  return {
    value: name,
    storage: type.storage,
    granularity: type.granularity.kind,
    ...measure.read(),
    range: widestRange(type),
    ...sharesOf(integers, numbers, type.storage),
    scaleSpread: spreadOf(type.scales),
    ...(source ? { sqnr: measureError(source, numbers).sqnr } : {}),
  };
}

/** The original's numbers in a shape, or in that of its transpose; undefined where it has another. */
async function inShape(constant: StoredTensor | undefined, shape: Shape): Promise<NumberArray | undefined> {
  if (!constant) return undefined;
  const [rows = 0, columns = 0] = constant.shape;
  if (constant.shape.join() === shape.join()) return toNumbers(await constant.load());
  if (constant.shape.length !== 2 || [columns, rows].join() !== shape.join()) return undefined;
  return transposeMatrix(toNumbers(await constant.load()), rows, columns);
}

function widestRange({ storage, scales, zeroPoints }: QuantizedType): RealRange {
  const widest = scales.reduce((at, scale, i) => (scale > (scales[at] ?? 0) ? i : at), 0);
  const zeroPoint = zeroPoints[widest] ?? zeroPoints[0] ?? 0;
  return representableRange({ scale: scales[widest] ?? 0, zeroPoint }, storage);
}

function sharesOf(
  integers: ReturnType<typeof toNumbers>,
  numbers: Float32Array,
  storage: StorageDType,
): { readonly atLimits: number; readonly zeros: number } {
  const { min, max } = storageRange(storage);
  let [limits, zeros] = [0, 0];
  for (let i = 0; i < numbers.length; i++) {
    if (integers[i] === min || integers[i] === max) limits++;
    if (numbers[i] === 0) zeros++;
  }
  return { atLimits: limits / numbers.length, zeros: zeros / numbers.length };
}

function spreadOf(scales: Float32Array): number {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const scale of scales) {
    least = Math.min(least, Math.abs(scale));
    most = Math.max(most, Math.abs(scale));
  }
  return most / least;
}
