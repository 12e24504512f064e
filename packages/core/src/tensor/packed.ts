import { allocate } from './tensor.js';

/** Integer dtypes that share bytes; the first element lies in the low bits (ONNX IR, section Tensor element types). */
export type PackedDType = 'int4' | 'uint4' | 'int2' | 'uint2';

const BITS: Readonly<Record<PackedDType, 2 | 4>> = { int4: 4, uint4: 4, int2: 2, uint2: 2 };

/** Unpacks `count` elements to one byte each: Int8Array for signed dtypes, Uint8Array for unsigned. */
export function unpack(dtype: PackedDType, bytes: Uint8Array, count: number): Int8Array | Uint8Array {
  const bits = BITS[dtype];
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const sign = dtype.startsWith('u') ? 0 : 1 << (bits - 1);
  const out = sign ? new Int8Array(count) : new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const field = ((bytes[Math.floor(i / perByte)] ?? 0) >> ((i % perByte) * bits)) & mask;
    out[i] = (field ^ sign) - sign;
  }
  return out;
}

/** Packs integers that are already inside the dtype's range; unused high bits of the last byte are 0. */
export function pack(dtype: PackedDType, values: ArrayLike<number>): Uint8Array {
  const bits = BITS[dtype];
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const out = allocate(dtype, values.length);
  for (let i = 0; i < values.length; i++) {
    const slot = Math.floor(i / perByte);
    out[slot] = (out[slot] ?? 0) | (((values[i] ?? 0) & mask) << ((i % perByte) * bits));
  }
  return out;
}
