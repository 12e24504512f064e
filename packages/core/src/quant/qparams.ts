import {
  bfloat16ToFloat32,
  type FloatDType,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
  QuantizationError,
} from '../tensor/index.js';
import { type QuantRange, type StorageDType, storageRange } from './quantized-type.js';
import { roundHalfEven } from './rounding.js';
import { saturate } from './saturate.js';

/** One scale (a binary32 number, finite and > 0 when made here) with its zero point. */
export interface Qparams {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The smallest and largest real number to represent. */
export interface RealRange {
  readonly min: number;
  readonly max: number;
}

/** The real numbers that the least and the greatest integer of a type stand for. */
export function representableRange({ scale, zeroPoint }: Qparams, storage: StorageDType): RealRange {
  const { min, max } = storageRange(storage);
  return { min: (min - zeroPoint) * scale, max: (max - zeroPoint) * scale };
}

/** The smallest scale made: smaller ones would be subnormal, which some processors flush to 0. */
export const SMALLEST_SCALE = 2 ** -126;

/**
 * Rounds a positive scale once to the dtype that scales are kept in, at least {@link SMALLEST_SCALE} (float16: 2^-24).
 * @throws QuantizationError `QUANT_SCALE` beyond the dtype.
 */
export function roundScale(scale: number, expressed: FloatDType = 'float32'): number {
  const rounded = Math.max(roundTo(expressed, scale), expressed === 'float16' ? 2 ** -24 : SMALLEST_SCALE);
  if (rounded < Number.POSITIVE_INFINITY) return rounded;
  throw new QuantizationError({
    code: 'QUANT_SCALE',
    message: `the scale ${scale} is no finite ${expressed} number.`,
  });
}

function roundTo(expressed: FloatDType, scale: number): number {
  if (expressed === 'float16') return float16ToFloat32(float32ToFloat16(scale));
  if (expressed === 'bfloat16') return bfloat16ToFloat32(float32ToBfloat16(scale));
  return Math.fround(scale);
}

/** The zero point of symmetric parameters: 0, or the middle of an unsigned range. */
export function symmetricZeroPoint(storage: StorageDType): number {
  const { min, max } = storageRange(storage);
  return min < 0 ? 0 : (max + 1) / 2;
}

/** The largest integer distance from the symmetric zero point on the positive side, e.g. 127, 7 or 1. */
export function symmetricLimit(storage: StorageDType): number {
  return storageRange(storage).max - symmetricZeroPoint(storage);
}

/**
 * Asymmetric parameters of a range widened to contain 0: `scale = f32((max - min) / (qmax - qmin))` in float64,
 * `zeroPoint = sat(rne(qmin - min / scale))` from the rounded scale. The range {0} gives scale 1.
 * @param stored The integers to use; all of the dtype by default.
 * @throws QuantizationError `QUANT_RANGE` when the range is empty, NaN or infinite.
 */
export function asymmetricQparams(
  range: RealRange,
  storage: StorageDType,
  expressed: FloatDType = 'float32',
  stored: QuantRange = storageRange(storage),
): Qparams {
  checkRange(range);
  const min = Math.min(range.min, 0);
  const max = Math.max(range.max, 0);
  if (min === max) return { scale: 1, zeroPoint: saturate(0, stored) };
  const steps = stored.max - stored.min;
  const scale = roundScale((max - min) / steps, expressed);
  return { scale, zeroPoint: saturate(roundHalfEven(stored.min - min / scale), stored) };
}

/**
 * Symmetric parameters: `scale = f32(amax / (stored.max - zeroPoint))`, over {@link symmetricLimit} where all integers are
 * used, with the zero point of {@link symmetricZeroPoint}. The range {0} gives scale 1.
 * @param stored The integers to use; all of the dtype by default.
 * @throws QuantizationError `QUANT_RANGE` when the range is empty, NaN or infinite.
 */
export function symmetricQparams(
  range: RealRange,
  storage: StorageDType,
  expressed: FloatDType = 'float32',
  stored: QuantRange = storageRange(storage),
): Qparams {
  checkRange(range);
  const zeroPoint = symmetricZeroPoint(storage);
  const amax = Math.max(Math.abs(range.min), Math.abs(range.max));
  const scale = amax === 0 ? 1 : roundScale(amax / (stored.max - zeroPoint), expressed);
  return { scale, zeroPoint };
}

/**
 * Parameters that reproduce the float32 constant `c` exactly: scale |c| (1 for 0), c one step from the zero point.
 * @throws QuantizationError `QUANT_RANGE` for NaN and infinity, also where `c` is infinite as float32.
 */
export function constantQparams(c: number, storage: StorageDType, symmetric = false): Qparams {
  const magnitude = Math.abs(Math.fround(c));
  checkRange({ min: magnitude, max: magnitude });
  const scale = magnitude === 0 ? 1 : magnitude;
  if (symmetric) return { scale, zeroPoint: symmetricZeroPoint(storage) };
  return { scale, zeroPoint: storageRange(storage).min === 0 && c < 0 ? 1 : 0 };
}

/** Asymmetric or symmetric parameters of a range. */
export function qparamsOfRange(
  range: RealRange,
  storage: StorageDType,
  symmetric: boolean,
  expressed: FloatDType = 'float32',
  stored: QuantRange = storageRange(storage),
): Qparams {
  return symmetric
    ? symmetricQparams(range, storage, expressed, stored)
    : asymmetricQparams(range, storage, expressed, stored);
}

function checkRange({ min, max }: RealRange): void {
  if (Number.isFinite(min) && Number.isFinite(max) && min <= max) return;
  throw new QuantizationError({
    code: 'QUANT_RANGE',
    message: `the range ${min} to ${max} is not finite or is empty.`,
    remedy: 'Look for NaN or infinity in the values that gave it.',
  });
}
