import { type QuantizedType, type StorageDType, symmetricZeroPoint } from '@octavo/core/quant';
import { transposeMatrix } from '@octavo/core/tensor';
import { nearest, type RoundMatrix } from './weight-rounding/index.js';

/** Widths that com.microsoft MatMulNBits has in onnxruntime. */
export type NBits = 2 | 4 | 8;

export const NBITS_STORAGE: Readonly<Record<NBits, StorageDType>> = { 2: 'uint2', 4: 'uint4', 8: 'uint8' };

/** A weight in the layout of com.microsoft MatMulNBits. */
export interface NBitsWeight {
  /** [N, ceil(K / blockSize), blockSize * bits / 8], low bits first. */
  readonly packed: Uint8Array;
  /** [N * ceil(K / blockSize)]. */
  readonly scales: Float32Array;
  /** Packed like the weights, each row padded to a byte; present for asymmetric weights. */
  readonly zeroPoints: Uint8Array | undefined;
}

export interface NBitsOptions {
  readonly rows: number;
  readonly columns: number;
  readonly bits: NBits;
  readonly blockSize: number;
  readonly symmetric: boolean;
  /** Default: to the nearest integers. */
  readonly round?: RoundMatrix;
}

/**
 * Quantizes W [K = rows, N = columns] (row-major) in blocks along K and packs it for MatMulNBits. Stored integers
 * are unsigned with zero point `2^(bits-1)` when symmetric. A short last block is padded with the zero point.
 * @throws QuantizationError `QUANT_RANGE` for NaN or infinite weights.
 */
export function packNBits(weights: Float32Array, options: NBitsOptions): NBitsWeight {
  const { rows, columns, bits, blockSize, symmetric, round = nearest.round } = options;
  const storage = NBITS_STORAGE[bits];
  const { integers, type } = round({ values: weights, rows, columns }, { storage, symmetric, blockSize });
  return {
    packed: packColumns(integers, type, options),
    scales: transposeMatrix(type.scales, type.scales.length / columns, columns),
    zeroPoints: symmetric ? undefined : packZeroPoints(type, columns, bits),
  };
}

/** Columns become rows of packed blocks. */
function packColumns(
  integers: ArrayLike<number>,
  type: QuantizedType,
  { rows, columns, bits, blockSize }: NBitsOptions,
): Uint8Array {
  const blocks = Math.ceil(rows / blockSize);
  const padded = blocks * blockSize;
  const perByte = 8 / bits;
  const rowBytes = padded / perByte;
  const packed = new Uint8Array(columns * rowBytes);
  for (let k = 0; k < padded; k++) {
    const shift = (k % perByte) * bits;
    const at = Math.floor(k / perByte);
    const block = Math.floor(k / blockSize);
    for (let n = 0; n < columns; n++) {
      const q = k < rows ? integers[k * columns + n] : type.zeroPoints[block * columns + n];
      const slot = n * rowBytes + at;
      packed[slot] = (packed[slot] ?? 0) | ((q ?? 0) << shift);
    }
  }
  return packed;
}

function packZeroPoints(type: QuantizedType, columns: number, bits: NBits): Uint8Array {
  const blocks = type.zeroPoints.length / columns;
  const perByte = 8 / bits;
  const rowBytes = Math.ceil(blocks / perByte);
  const packed = new Uint8Array(columns * rowBytes);
  for (let n = 0; n < columns; n++) {
    for (let b = 0; b < rowBytes * perByte; b++) {
      const zeroPoint =
        b < blocks ? (type.zeroPoints[b * columns + n] ?? 0) : symmetricZeroPoint(type.storage);
      const slot = n * rowBytes + Math.floor(b / perByte);
      packed[slot] = (packed[slot] ?? 0) | (zeroPoint << ((b % perByte) * bits));
    }
  }
  return packed;
}
