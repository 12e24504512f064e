import { callNative } from './cpu-error.js';
import { loadBinding } from './load-binding.js';

/** 16-bit floats: IEEE binary16, or the upper half of a float32. */
export type HalfType = 'float16' | 'bfloat16';

/**
 * The bits of 16-bit floats, rounded to nearest even; NaN stays NaN, and what exceeds the type becomes infinite.
 *
 * @param out - as long as `x`; a new array by default
 * @throws CpuError `CPU_INVALID_ARGUMENT` for lengths that differ or arrays that overlap
 */
export function toHalf(
  x: Float32Array,
  type: HalfType,
  out: Uint16Array = new Uint16Array(x.length),
): Uint16Array {
  const { binding } = loadBinding();
  callNative(() => binding.convertFloats(x, type === 'bfloat16', out));
  return out;
}

/**
 * The floats that bits of 16-bit floats stand for, exactly.
 *
 * @param out - as long as `bits`; a new array by default
 * @throws CpuError `CPU_INVALID_ARGUMENT` for lengths that differ or arrays that overlap
 */
export function fromHalf(
  bits: Uint16Array,
  type: HalfType,
  out: Float32Array = new Float32Array(bits.length),
): Float32Array {
  const { binding } = loadBinding();
  callNative(() => binding.convertFloats(bits, type === 'bfloat16', out));
  return out;
}
