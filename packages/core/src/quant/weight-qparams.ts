import {
  type FloatDType,
  isPacked,
  type NumberArray,
  QuantizationError,
  type Shape,
} from '../tensor/index.js';
import { forEachGroupRun, type GroupRun, groupCount } from './groups.js';
import { constantQparams, qparamsOfRange, roundScale, symmetricLimit } from './qparams.js';
import {
  type Granularity,
  PER_TENSOR,
  type QuantizedType,
  type QuantRange,
  type StorageDType,
  storageRange,
} from './quantized-type.js';
import { roundSmall } from './rounding.js';

export interface WeightOptions {
  readonly storage: StorageDType;
  /** Default per tensor. */
  readonly granularity?: Granularity;
  /** Default true: zero point 0, or the middle of an unsigned type. */
  readonly symmetric?: boolean;
  /** The dtype of the weights and of their scales; default float32. */
  readonly expressed?: FloatDType;
  /**
   * The integers that scales are chosen for; default all of the storage type. Elements beyond them are not clamped here: give the
   * same integers to `quantize`.
   */
  readonly integers?: QuantRange;
}

/**
 * The quantized type that represents given weights best by their own ranges, group by group.
 * A group of equal elements is reproduced exactly; symmetric 2- and 4-bit groups take the better, by squared error,
 * of the scales `amax / 7` and `amax / 7.5` (2 bits: `amax` and `amax / 1.5`), where the second uses all integers;
 * groups of fewer integers than that do not.
 * @param weights Row-major over `shape`.
 * @throws QuantizationError `QUANT_RANGE` for NaN or infinite weights, `QUANT_BLOCK_SIZE`, `QUANT_LENGTH`.
 */
export function quantizedTypeOfWeights(
  weights: NumberArray,
  shape: Shape,
  options: WeightOptions,
): QuantizedType {
  const { storage, granularity = PER_TENSOR, symmetric = true, expressed = 'float32', integers } = options;
  const ranges = groupRanges(weights, shape, granularity);
  const groups = ranges.min.length;
  const scales = new Float32Array(groups);
  const zeroPoints = new Int32Array(groups);
  for (let group = 0; group < groups; group++) {
    const range = { min: ranges.min[group] ?? 0, max: ranges.max[group] ?? 0 };
    const { scale, zeroPoint } =
      range.min === range.max
        ? constantQparams(range.min, storage, symmetric)
        : qparamsOfRange(range, storage, symmetric, expressed, integers);
    scales[group] = scale;
    zeroPoints[group] = zeroPoint;
  }
  const type: QuantizedType = { storage, expressed, granularity, symmetric, scales, zeroPoints };
  const isSearched = symmetric && isPacked(storage) && isWhole(storage, integers);
  return isSearched ? withBetterScales(weights, shape, type, ranges) : type;
}

function isWhole(storage: StorageDType, integers: QuantRange | undefined): boolean {
  const { min, max } = storageRange(storage);
  return !integers || (integers.min === min && integers.max === max);
}

/** Smallest and largest element of every group; 0 and 0 for a group without elements. */
export interface GroupRanges {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/**
 * The range of every group of a tensor.
 * @throws QuantizationError `QUANT_RANGE` for NaN or infinite elements, `QUANT_LENGTH`, `QUANT_BLOCK_SIZE`.
 */
export function groupRanges(values: NumberArray, shape: Shape, granularity: Granularity): GroupRanges {
  const groups = groupCount(shape, granularity);
  const min = new Float64Array(groups).fill(Number.POSITIVE_INFINITY);
  const max = new Float64Array(groups).fill(Number.NEGATIVE_INFINITY);
  let finite = true;
  forEachGroupRun(shape, granularity, (run) => {
    finite = (run.step === 0 ? widen : widenAcross)(min, max, values, run) && finite;
  });
  if (!finite) {
    throw new QuantizationError({
      code: 'QUANT_RANGE',
      message: `the weights of shape [${shape.join(', ')}] hold NaN, infinity or too few elements.`,
    });
  }
  for (let group = 0; group < groups; group++) {
    if (min[group] === Number.POSITIVE_INFINITY) min[group] = max[group] = 0;
  }
  return { min, max };
}

/** Widens the range of one group by a whole run; false where an element is NaN or infinite. */
function widen(min: Float64Array, max: Float64Array, values: NumberArray, run: GroupRun): boolean {
  let low = min[run.group] ?? 0;
  let high = max[run.group] ?? 0;
  let finite = true;
  const end = run.start + run.count;
  for (let i = run.start; i < end; i++) {
    const value = values[i] ?? Number.NaN;
    if (value < low) low = value;
    if (value > high) high = value;
    if (value - value !== 0) finite = false;
  }
  min[run.group] = low;
  max[run.group] = high;
  return finite;
}

/** Widens the ranges of the groups, one an element. */
function widenAcross(min: Float64Array, max: Float64Array, values: NumberArray, run: GroupRun): boolean {
  let finite = true;
  for (let i = 0; i < run.count; i++) {
    const value = values[run.start + i] ?? Number.NaN;
    const at = run.group + i;
    if (value < (min[at] ?? 0)) min[at] = value;
    if (value > (max[at] ?? 0)) max[at] = value;
    if (value - value !== 0) finite = false;
  }
  return finite;
}

/** Replaces each group's scale by the one that uses the whole integer range where that has the smaller error. */
function withBetterScales(
  weights: NumberArray,
  shape: Shape,
  type: QuantizedType,
  ranges: GroupRanges,
): QuantizedType {
  const limit = symmetricLimit(type.storage) + 0.5;
  const full = type.scales.map((scale, group) => {
    const { [group]: min = 0 } = ranges.min;
    const { [group]: max = 0 } = ranges.max;
    return min === max ? scale : roundScale(Math.max(-min, max) / limit, type.expressed);
  });
  const fullError = groupSquaredErrors(weights, shape, { ...type, scales: full });
  const error = groupSquaredErrors(weights, shape, type);
  const scales = type.scales.map((scale, group) =>
    (fullError[group] ?? 0) < (error[group] ?? 0) ? (full[group] ?? scale) : scale,
  );
  return { ...type, scales };
}

/** Sum of squared differences between the elements of each group and their quantized values, in float64. */
export function groupSquaredErrors(values: NumberArray, shape: Shape, type: QuantizedType): Float64Array {
  const { min, max } = storageRange(type.storage);
  const errors = new Float64Array(type.scales.length);
  forEachGroupRun(shape, type.granularity, ({ start, count, group, step }) => {
    for (let i = 0; i < count; i++) {
      const at = group + i * step;
      const scale = type.scales[at] ?? 1;
      const zeroPoint = type.zeroPoints[at] ?? 0;
      const value = values[start + i] ?? 0;
      const v = Math.fround(Math.fround(value) / scale);
      const low = min - zeroPoint;
      const high = max - zeroPoint;
      const difference = value - Math.fround(roundSmall(v < low ? low : v > high ? high : v) * scale);
      errors[at] = (errors[at] ?? 0) + difference * difference;
    }
  });
  return errors;
}
