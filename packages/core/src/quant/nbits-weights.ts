import { type NumberArray, type Shape, type Tensor, toNumbers, unpack } from '../tensor/index.js';
import { symmetricZeroPoint } from './qparams.js';
import type { QuantizedType } from './quantized-type.js';

/** Attributes of com.microsoft MatMulNBits. */
export interface NBitsLayout {
  readonly K: number;
  readonly N: number;
  readonly bits: number;
  readonly block_size: number;
}

/** Integers in the order of [N, K], and what they mean: blocks along K. */
export interface NBitsIntegers {
  readonly integers: NumberArray;
  readonly shape: Shape;
  readonly type: QuantizedType;
}

const STORAGE: ReadonlyMap<number, 'uint2' | 'uint4' | 'uint8'> = new Map([
  [2, 'uint2'],
  [4, 'uint4'],
  [8, 'uint8'],
]);

/**
 * The weights of MatMulNBits: `real = (integer - zero point) * scale`. Every row of B is `ceil(K / block_size)` blocks, low
 * bits first; zero points are packed by row, or `2^(bits - 1)`.
 * @returns undefined where bits are none of 2, 4 and 8, zero points are no integers, or sizes do not fit.
 */
export function nbitsIntegers(
  packed: Tensor,
  scales: Tensor,
  zeroPoints: Tensor | undefined,
  { K, N, bits, block_size: size }: NBitsLayout,
): NBitsIntegers | undefined {
  const storage = STORAGE.get(bits);
  if (!storage || !(size > 0)) return undefined;
  const blocks = Math.ceil(K / size);
  const slots = unpacked(packed, storage);
  const zeroSlots = zeroPoints?.is('uint8') ? unpacked(zeroPoints, storage) : undefined;
  const rowZeros = Math.ceil((blocks * bits) / 8) * (8 / bits);
  const fits =
    slots.length === N * blocks * size &&
    scales.size === N * blocks &&
    (!zeroPoints || zeroSlots?.length === N * rowZeros);
  if (!fits) return undefined;
  const middle = symmetricZeroPoint(storage);
  return {
    integers: Int32Array.from(
      { length: N * K },
      (_, i) => slots[Math.floor(i / K) * blocks * size + (i % K)] ?? 0,
    ),
    shape: [N, K],
    type: {
      storage,
      expressed: 'float32',
      granularity: { kind: 'per-block', axis: 1, blockSize: size },
      symmetric: zeroSlots === undefined,
      scales: Float32Array.from(toNumbers(scales)),
      zeroPoints: Int32Array.from({ length: N * blocks }, (_, i) =>
        zeroSlots ? (zeroSlots[Math.floor(i / blocks) * rowZeros + (i % blocks)] ?? 0) : middle,
      ),
    },
  };
}

function unpacked({ bytes }: Tensor, storage: 'uint2' | 'uint4' | 'uint8'): ArrayLike<number> {
  return storage === 'uint8' ? bytes : unpack(storage, bytes, bytes.length * (storage === 'uint4' ? 2 : 4));
}
