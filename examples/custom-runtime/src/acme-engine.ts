/**
 * Stands for an engine that somebody has already: it multiplies packed signed weights and clamps floats, and knows
 * nothing of Octavo.
 */

/** Weights `[k, n]` stored column by column, minus their zero points. */
export interface AcmeWeights {
  readonly k: number;
  readonly n: number;
  readonly columns: Int16Array;
}

export type AcmeBytes = Int8Array | Uint8Array;

/** Packs weights once. `zeroPoints` are one for all or one a column. */
export function acmePack(data: AcmeBytes, k: number, n: number, zeroPoints: ArrayLike<number>): AcmeWeights {
  const columns = new Int16Array(k * n);
  for (let column = 0; column < n; column++) {
    const zeroPoint = zeroPoints[column % zeroPoints.length] ?? 0;
    for (let i = 0; i < k; i++) columns[column * k + i] = (data[i * n + column] ?? 0) - zeroPoint;
  }
  return { k, n, columns };
}

/** `(rows - zeroPoint) * weights` in int32 modulo 2^32; rows of `k` elements. */
export function acmeMultiply(rows: AcmeBytes, zeroPoint: number, weights: AcmeWeights): Int32Array {
  const { k, n, columns } = weights;
  const m = k === 0 ? 0 : rows.length / k;
  const out = new Int32Array(m * n);
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let i = 0; i < k; i++) {
        sum = (sum + ((rows[row * k + i] ?? 0) - zeroPoint) * (columns[column * k + i] ?? 0)) | 0;
      }
      out[row * n + column] = sum;
    }
  }
  return out;
}

/** `max(x, 0)`; NaN stays NaN. */
export function acmeClamp(x: Float32Array): Float32Array {
  return x.map((value) => (value < 0 ? 0 : value));
}
