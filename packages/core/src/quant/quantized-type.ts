import type { FloatDType } from '../tensor/index.js';
import { QuantizationError } from '../tensor/index.js';

/** Integer dtypes that quantized values are stored in; int32 is for biases. */
export type StorageDType =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int4'
  | 'uint4'
  | 'int2'
  | 'uint2'
  | 'int32';

/** Which elements share one scale and zero point. */
export type Granularity =
  | { readonly kind: 'per-tensor' }
  | { readonly kind: 'per-axis'; readonly axis: number }
  | { readonly kind: 'per-block'; readonly axis: number; readonly blockSize: number };

export const PER_TENSOR: Granularity = { kind: 'per-tensor' };

/**
 * How integers stand for real numbers: `real = (stored - zeroPoint) * scale`.
 * `scales` and `zeroPoints` have one entry (per tensor), one for each index of `axis` (per axis), or one for each
 * block in row-major order of the tensor's shape with `axis` divided by `blockSize`, rounded up (per block).
 * Symmetric types have zero point 0, or the middle of an unsigned range.
 */
export interface QuantizedType {
  readonly storage: StorageDType;
  readonly expressed: FloatDType;
  readonly granularity: Granularity;
  readonly symmetric: boolean;
  readonly scales: Float32Array;
  readonly zeroPoints: Int32Array;
}

/** Smallest and largest stored integer. */
export interface QuantRange {
  readonly min: number;
  readonly max: number;
}

/** The integers of `bits` bits, 2 to 16. */
export function quantRange(bits: number, signed: boolean): QuantRange {
  if (!Number.isInteger(bits) || bits < 2 || bits > 16) {
    throw new QuantizationError({
      code: 'QUANT_BITS',
      message: `${bits} bits; quantized types have 2 to 16.`,
    });
  }
  return signed ? { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 } : { min: 0, max: 2 ** bits - 1 };
}

const STORAGE_RANGES: Readonly<Record<StorageDType, QuantRange>> = {
  int8: quantRange(8, true),
  uint8: quantRange(8, false),
  int16: quantRange(16, true),
  uint16: quantRange(16, false),
  int4: quantRange(4, true),
  uint4: quantRange(4, false),
  int2: quantRange(2, true),
  uint2: quantRange(2, false),
  int32: { min: -(2 ** 31), max: 2 ** 31 - 1 },
};

/** The integers that a storage dtype can hold. */
export function storageRange(storage: StorageDType): QuantRange {
  return STORAGE_RANGES[storage];
}

/**
 * The int8 weights of which two products with uint8 never pass int16: `2 * 255 * 64 < 2^15`. Runtimes that add pairs of products
 * in 16 bits (onnxruntime on x64 processors without VNNI, by `vpmaddubsw`) saturate beyond them.
 */
export const REDUCED_INT8: QuantRange = { min: -64, max: 64 };

export function isStorageDType(dtype: string): dtype is StorageDType {
  return Object.hasOwn(STORAGE_RANGES, dtype);
}

/** Whether two types map every integer to the same real number. */
export function sameQuantization(a: QuantizedType, b: QuantizedType): boolean {
  if (a === b) return true;
  if (a.storage !== b.storage || a.scales.length !== b.scales.length) return false;
  if (!sameGranularity(a.granularity, b.granularity)) return false;
  for (let i = 0; i < a.scales.length; i++) {
    if (a.scales[i] !== b.scales[i] || a.zeroPoints[i] !== b.zeroPoints[i]) return false;
  }
  return true;
}

function sameGranularity(a: Granularity, b: Granularity): boolean {
  if (a.kind === 'per-tensor' || b.kind === 'per-tensor') return a.kind === b.kind;
  if (a.axis !== b.axis) return false;
  const blockOfA = a.kind === 'per-block' ? a.blockSize : 0;
  return blockOfA === (b.kind === 'per-block' ? b.blockSize : 0);
}

/** Whether integers mean 0 by another integer than 0. */
export function hasZeroPoint({ zeroPoints }: Pick<QuantizedType, 'zeroPoints'>): boolean {
  const { length } = zeroPoints;
  for (let i = 0; i < length; i++) if (zeroPoints[i] !== 0) return true;
  return false;
}
