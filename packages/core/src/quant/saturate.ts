import type { QuantRange } from './quantized-type.js';

/** `value` clamped to the range; NaN gives the smallest integer, as onnxruntime's quantization does, and -0 gives 0. */
export function saturate(value: number, range: QuantRange): number {
  return value >= range.min ? (value <= range.max ? value + 0 : range.max) : range.min;
}
