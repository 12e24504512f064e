import type { NumberArray } from '../tensor/index.js';
import { checkSameLength } from './qlinear-add.js';
import type { Qparams } from './qparams.js';
import { allocateIntegers } from './quantize.js';
import { type StorageDType, storageRange } from './quantized-type.js';
import { roundHalfEven } from './rounding.js';
import { saturate } from './saturate.js';

/** `y = sat(rne(f32(f32((a - z_a) * (b - z_b) * multiplier) + z_c)))`. */
export interface QLinearMulConstants {
  readonly aZeroPoint: number;
  readonly bZeroPoint: number;
  readonly cZeroPoint: number;
  /** `f32(f32(s_a * s_b) / s_c)`. */
  readonly multiplier: number;
}

/** Constants of a quantized multiplication: a and b with their own parameters, c the product's. */
export function qlinearMulConstants(a: Qparams, b: Qparams, c: Qparams): QLinearMulConstants {
  return {
    aZeroPoint: a.zeroPoint,
    bZeroPoint: b.zeroPoint,
    cZeroPoint: c.zeroPoint,
    multiplier: Math.fround(Math.fround(a.scale * b.scale) / c.scale),
  };
}

/** The product of two stored integers, rounded, before saturation. The integer product is exact in f32 for 8 bits. */
export function qlinearMulElement(constants: QLinearMulConstants, a: number, b: number): number {
  const product = Math.fround((a - constants.aZeroPoint) * (b - constants.bZeroPoint));
  const scaled = Math.fround(product * constants.multiplier);
  return roundHalfEven(Math.fround(scaled + constants.cZeroPoint));
}

/**
 * Quantized multiplication of equally long arrays of integers, with the bits of onnxruntime's QLinearMul.
 * @throws QuantizationError `QUANT_LENGTH` when the lengths differ.
 */
export function qlinearMul(
  a: NumberArray,
  b: NumberArray,
  constants: QLinearMulConstants,
  storage: StorageDType,
): NumberArray {
  checkSameLength(a, b);
  const range = storageRange(storage);
  const out = allocateIntegers(storage, a.length);
  for (let i = 0; i < a.length; i++) {
    out[i] = saturate(qlinearMulElement(constants, a[i] ?? 0, b[i] ?? 0), range);
  }
  return out;
}
