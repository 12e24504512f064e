import { matmul, packWeights } from '@octavo/cpu';

/** A fully connected layer: weights `[k, n]` packed once, then products with any number of rows. */
export function layer(weights: Int8Array, k: number, n: number, bias: Int32Array, scales: Float32Array) {
  const packed = packWeights({ data: weights, k, n });
  return (rows: Uint8Array, m: number) =>
    matmul({
      a: rows,
      m,
      zeroPoints: 128,
      packed,
      epilogue: { output: 'uint8', bias, scales, zeroPoint: 0 },
    });
}
