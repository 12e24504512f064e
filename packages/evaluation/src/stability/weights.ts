import { cloneModel, type Graph, inferTypes, type Model, runPasses, type Value } from '@octavo/core/ir';
import {
  dequantizeNumbers,
  measureError,
  type QuantizedType,
  type RealRange,
  representableRange,
  type StorageDType,
  storageRange,
} from '@octavo/core/quant';
import { toNumbers } from '@octavo/core/tensor';
import { foldQdq, liftConstants } from '@octavo/passes';
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

/** The quantized weights of a model with Q/DQ pairs, dequantized; biases (int32) are left out. Lowest SQNR first. */
export async function measureWeights(quantized: Model, original: Graph): Promise<WeightFigures[]> {
  const { graph } = cloneModel(quantized);
  inferTypes(graph);
  await runPasses(graph, [liftConstants, foldQdq]);
  const figures: WeightFigures[] = [];
  for (const value of graph.initializers) {
    if (value.quantized && value.quantized.storage !== 'int32')
      figures.push(await figuresOf(value, value.quantized, original));
  }
  const order = ({ sqnr }: WeightFigures): number => sqnr ?? Number.POSITIVE_INFINITY;
  return figures.sort((a, b) => (order(a) === order(b) ? 0 : order(a) - order(b)));
}

async function figuresOf(value: Value, type: QuantizedType, original: Graph): Promise<WeightFigures> {
  const tensor = await value.constant?.load();
  if (!tensor) throw new RangeError(`initializer ${value.name} has elements`);
  const integers = toNumbers(tensor);
  const numbers = dequantizeNumbers(integers, tensor.shape, type);
  const name = value.name.replace(/_quantized$/, '');
  const source = original.value(name)?.constant;
  const sameShape = source?.shape.join() === tensor.shape.join();
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
    ...(source && sameShape ? { sqnr: measureError(toNumbers(await source.load()), numbers).sqnr } : {}),
  };
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
