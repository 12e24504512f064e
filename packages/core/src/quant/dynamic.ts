import type { NumberArray } from '../tensor/index.js';
import type { Qparams } from './qparams.js';
import { storageRange } from './quantized-type.js';
import { roundHalfEven } from './rounding.js';
import { saturate } from './saturate.js';

const UINT8 = storageRange('uint8');

/**
 * Parameters of ONNX DynamicQuantizeLinear with onnxruntime's bits: uint8, the range includes 0,
 * `scale = f32((max - min) / 255)` in float32 arithmetic, `zeroPoint = rne(clip(-min / scale, 0, 255))`.
 * All zeros (and ranges too small for a float32 scale) give scale 1 and zero point 0; NaN is skipped in the range. A range
 * that no float32 holds gives an infinite scale and zero point 0.
 */
export function dynamicQparams(values: NumberArray): Qparams {
  let min = 0;
  let max = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const scale = Math.fround(Math.fround(max - min) / 255);
  if (scale === 0) return { scale: 1, zeroPoint: 0 };
  return { scale, zeroPoint: roundHalfEven(saturate(Math.fround(-min / scale), UINT8)) };
}

/** Integers and what they stand for: `(value - zeroPoint) * scale`. */
export interface DynamicIntegers extends Qparams {
  readonly values: Uint8Array;
}

/** The integers of ONNX DynamicQuantizeLinear with onnxruntime's bits: those of {@link dynamicQparams}. */
export function dynamicQuantize(values: NumberArray): DynamicIntegers {
  const { scale, zeroPoint } = dynamicQparams(values);
  const integers = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const rounded = roundHalfEven(Math.fround(Math.fround(values[i] ?? 0) / scale)) + zeroPoint;
    integers[i] = saturate(rounded, UINT8);
  }
  return { values: integers, scale, zeroPoint };
}
