import { StoredTensor } from '@octavo/core/tensor';

/**
 * Float32 weights that are computed when they are read: a hash of seed and index, uniform in +-bound.
 *
 * @param {number} seed
 * @param {readonly number[]} shape
 * @param {number} bound
 */
export function hashedWeight(seed, shape, bound) {
  const scale = bound / 2 ** 31;
  return new StoredTensor('float32', shape, {
    byteLength: 4 * shape.reduce((size, dim) => size * dim, 1),
    read: async (offset, length) => {
      const values = new Float32Array(length / 4);
      for (let i = 0; i < values.length; i++) values[i] = hash(seed + offset / 4 + i) * scale;
      return new Uint8Array(values.buffer);
    },
  });
}

/**
 * A signed 32-bit integer (the finalizer of MurmurHash3).
 *
 * @param {number} value
 */
function hash(value) {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
