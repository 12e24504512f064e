import { type Tensor, TensorError, toNumbers, unpack } from '@octavo/core/tensor';
import type { FloatArray } from './floats.js';

/** The attributes that place MatMulNBits' weights. */
export interface BlockLayout {
  readonly K: number;
  readonly N: number;
  readonly bits: number;
  readonly block_size: number;
}

const PACKED = { 2: 'uint2', 4: 'uint4' } as const;

/** One integer a slot from bytes that hold `8 / bits` of them, first in the low bits. */
export function unpackBits(bytes: Uint8Array, bits: number): ArrayLike<number> {
  if (bits === 2 || bits === 4) return unpack(PACKED[bits], bytes, (bytes.length * 8) / bits);
  return bytes;
}

/**
 * `(q - zero point) * scale` of MatMulNBits' weights, transposed to `[K, N]`. Every row of B is `blocks` blocks of
 * `block_size * bits / 8` bytes; zero points are packed by row, or of the scales' dtype, or `2^(bits - 1)`.
 * @param Weights Float32Array rounds each weight once, Float64Array keeps it exact.
 * @throws TensorError `TENSOR_SHAPE` when a tensor has not the size that the attributes demand.
 */
export function blockWeights(
  packed: Tensor,
  scales: Tensor,
  zeroPoints: Tensor | undefined,
  layout: BlockLayout,
  Weights: new (length: number) => FloatArray,
): FloatArray {
  const { K, N, bits, block_size: size } = layout;
  const blocks = Math.ceil(K / size);
  const integers = unpackBits(packed.bytes, bits);
  const factors = toNumbers(scales);
  checkSize('B', integers.length, N * blocks * size);
  checkSize('scales', factors.length, N * blocks);
  const zeroPointOf = zeroPointReader(zeroPoints, layout, blocks);
  const out = new Weights(K * N);
  for (let n = 0; n < N; n++) {
    for (let block = 0; block < blocks; block++) {
      const group = n * blocks + block;
      const [scale, zeroPoint] = [factors[group] ?? 1, zeroPointOf(n, block)];
      const end = Math.min((block + 1) * size, K);
      for (let k = block * size; k < end; k++) {
        out[k * N + n] = ((integers[group * size + (k - block * size)] ?? 0) - zeroPoint) * scale;
      }
    }
  }
  return out;
}

function zeroPointReader(
  zeroPoints: Tensor | undefined,
  { N, bits }: BlockLayout,
  blocks: number,
): (n: number, block: number) => number {
  if (!zeroPoints) return () => 2 ** (bits - 1);
  if (!zeroPoints.is('uint8')) {
    const values = toNumbers(zeroPoints);
    checkSize('zero_points', values.length, N * blocks);
    return (n, block) => values[n * blocks + block] ?? 0;
  }
  const rowSlots = Math.ceil((blocks * bits) / 8) * (8 / bits);
  const values = unpackBits(zeroPoints.data, bits);
  checkSize('zero_points', values.length, N * rowSlots);
  return (n, block) => values[n * rowSlots + block] ?? 0;
}

function checkSize(name: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new TensorError({
    code: 'TENSOR_SHAPE',
    message: `${name} holds ${found} numbers; K, N, bits and block_size demand ${expected}.`,
    remedy: 'Export or quantize the model again.',
  });
}
