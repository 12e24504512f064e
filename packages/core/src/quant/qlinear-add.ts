import { type NumberArray, QuantizationError } from '../tensor/index.js';
import { fma } from './fma.js';
import type { Qparams } from './qparams.js';
import { allocateIntegers } from './quantize.js';
import { type StorageDType, storageRange } from './quantized-type.js';
import { roundHalfEven } from './rounding.js';
import { saturate } from './saturate.js';

/** `y = sat(rne(fma(a, ra, fma(b, rb, c0))))`. */
export interface QLinearAddConstants {
  /** `f32(s_a / s_c)`. */
  readonly ra: number;
  /** `f32(s_b / s_c)`. */
  readonly rb: number;
  /** `f32(z_c - fma(ra, z_a, f32(rb * z_b)))`. */
  readonly c0: number;
}

/** Constants of a quantized addition: a and b with their own parameters, c the sum's. */
export function qlinearAddConstants(a: Qparams, b: Qparams, c: Qparams): QLinearAddConstants {
  const ra = Math.fround(a.scale / c.scale);
  const rb = Math.fround(b.scale / c.scale);
  const c0 = Math.fround(c.zeroPoint - fma(ra, a.zeroPoint, Math.fround(rb * b.zeroPoint)));
  return { ra, rb, c0 };
}

/** The sum of two stored integers, rounded, before saturation. */
export function qlinearAddElement(constants: QLinearAddConstants, a: number, b: number): number {
  return roundHalfEven(fma(a, constants.ra, fma(b, constants.rb, constants.c0)));
}

/**
 * Quantized addition of equally long arrays of integers, with the bits of onnxruntime's QLinearAdd.
 * @throws QuantizationError `QUANT_LENGTH` when the lengths differ.
 */
export function qlinearAdd(
  a: NumberArray,
  b: NumberArray,
  constants: QLinearAddConstants,
  storage: StorageDType,
): NumberArray {
  checkSameLength(a, b);
  const range = storageRange(storage);
  const out = allocateIntegers(storage, a.length);
  for (let i = 0; i < a.length; i++) {
    out[i] = saturate(qlinearAddElement(constants, a[i] ?? 0, b[i] ?? 0), range);
  }
  return out;
}

/** Throws `QUANT_LENGTH` when two operands have different lengths. */
export function checkSameLength(a: NumberArray, b: NumberArray): void {
  if (a.length === b.length) return;
  throw new QuantizationError({
    code: 'QUANT_LENGTH',
    message: `the operands have ${a.length} and ${b.length} elements; broadcast them first.`,
  });
}
