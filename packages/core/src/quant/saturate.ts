import type { QuantRange } from './quantized-type.js';

/** `value` clamped to the range; NaN gives the smallest integer, as onnxruntime's quantization does. */
export function saturate(value: number, range: QuantRange): number {
  return value >= range.min ? (value <= range.max ? value : range.max) : range.min;
}
