import { type NumberArray, QuantizationError, type Shape } from '../tensor/index.js';
import { forEachGroupRun } from './groups.js';
import { allocateIntegers } from './quantize.js';
import type { Granularity } from './quantized-type.js';
import { type StorageDType, storageRange } from './quantized-type.js';
import { roundHalfEven, roundSmall } from './rounding.js';

/** How int32 accumulators of a product become stored integers. */
export interface Requantization {
  /** `M[c] = f32(f32(s_x * s_w[c]) / s_y)`: one, or one for each index of `axis`. */
  readonly multipliers: Float32Array;
  readonly zeroPoint: number;
  readonly storage: StorageDType;
  /** The channel axis of the accumulators; ignored for one multiplier. */
  readonly axis?: number;
}

/** `M[c] = f32(f32(inputScale * weightScales[c]) / outputScale)`. */
export function requantizationMultipliers(
  inputScale: number,
  weightScales: Float32Array,
  outputScale: number,
): Float32Array {
  const multipliers = new Float32Array(weightScales.length);
  for (let c = 0; c < multipliers.length; c++) {
    multipliers[c] = Math.fround(inputScale * (weightScales[c] ?? 1)) / outputScale;
  }
  return multipliers;
}

/** `sat(rne(f32(f32(accumulator) * multiplier)) + zeroPoint)` without the clamp: the integer before saturation. */
export function requantizeElement(accumulator: number, multiplier: number, zeroPoint: number): number {
  return roundHalfEven(Math.fround(Math.fround(accumulator) * multiplier)) + zeroPoint;
}

/**
 * `y = sat(rne(f32(f32(acc) * M[c])) + zeroPoint)` for every accumulator, as onnxruntime's QLinearConv does it.
 * @returns one integer a slot (sub-byte types are not packed).
 * @throws QuantizationError `QUANT_PARAMS_LENGTH` when there are neither one multiplier nor one for each channel.
 */
export function requantize(
  accumulators: Int32Array,
  shape: Shape,
  requantization: Requantization,
): NumberArray {
  const { multipliers, zeroPoint, storage, axis } = requantization;
  const granularity = granularityOf(multipliers.length, shape, axis);
  const { min, max } = storageRange(storage);
  const low = min - zeroPoint;
  const high = max - zeroPoint;
  const out = allocateIntegers(storage, accumulators.length);
  forEachGroupRun(shape, granularity, ({ start, count, group, step }) => {
    for (let i = 0; i < count; i++) {
      const multiplier = multipliers[group + i * step] ?? 1;
      const y = Math.fround(Math.fround(accumulators[start + i] ?? 0) * multiplier);
      out[start + i] = roundSmall(y < low ? low : y > high ? high : y) + zeroPoint;
    }
  });
  return out;
}

function granularityOf(multipliers: number, shape: Shape, axis: number | undefined): Granularity {
  if (multipliers === 1) return { kind: 'per-tensor' };
  if (axis !== undefined && shape.at(axis) === multipliers) return { kind: 'per-axis', axis };
  throw new QuantizationError({
    code: 'QUANT_PARAMS_LENGTH',
    message: `${multipliers} multipliers do not fit axis ${axis} of shape [${shape.join(', ')}].`,
  });
}
