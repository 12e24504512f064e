import type { ByteArray } from './binding.js';
import { callNative } from './cpu-error.js';
import { loadBinding } from './load-binding.js';

/**
 * Packs the low four bits of each number, two a byte with the first in the low bits, as ONNX stores INT4 and UINT4.
 *
 * @returns `ceil(length / 2)` bytes; the last high bits of an odd number of elements are 0
 * @throws CpuError `CPU_OUT_OF_MEMORY`
 */
export function packNibbles(values: ByteArray): Uint8Array {
  const { binding } = loadBinding();
  const out = new Uint8Array(Math.ceil(values.length / 2));
  callNative(() => binding.packNibbles(values, out));
  return out;
}

/**
 * Unpacks 4-bit numbers: into an Int8Array with their sign extended (-8 to 7), into a Uint8Array as they are (0 to 15).
 *
 * @param out - one element a number; `packed` has half as many bytes, rounded up
 * @returns `out`
 * @throws CpuError `CPU_INVALID_ARGUMENT` for lengths that do not match or arrays that overlap
 */
export function unpackNibbles<T extends ByteArray>(packed: Uint8Array, out: T): T {
  const { binding } = loadBinding();
  callNative(() => binding.unpackNibbles(packed, out));
  return out;
}
