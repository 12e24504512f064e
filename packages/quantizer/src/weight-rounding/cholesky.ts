/**
 * The upper triangular U with `inverse(A) = UT U`, for a symmetric positive definite A [n, n], row-major: with
 * `A = R RT`, R upper triangular, U is the inverse of R, so A is factored once and never inverted.
 * @returns U, or undefined where A is not positive definite to working precision.
 */
export function inverseFactor(matrix: Float64Array, n: number): Float64Array | undefined {
  const factor = upperFactor(matrix, n);
  return factor && invertUpper(factor, n);
}

/** R upper triangular with `A = R RT`, from the last row up. */
function upperFactor(matrix: Float64Array, n: number): Float64Array | undefined {
  const r = new Float64Array(n * n);
  for (let j = n - 1; j >= 0; j--) {
    const rowJ = r.subarray(j * n, j * n + n);
    for (let i = j; i >= 0; i--) {
      const rowI = r.subarray(i * n, i * n + n);
      let sum = matrix[i * n + j] ?? 0;
      for (let k = j + 1; k < n; k++) sum -= (rowI[k] ?? 0) * (rowJ[k] ?? 0);
      if (i < j) rowI[j] = sum / (rowJ[j] ?? 1);
      else if (sum > 0) rowJ[j] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return r;
}

function invertUpper(r: Float64Array, n: number): Float64Array {
  const u = new Float64Array(n * n);
  for (let i = n - 1; i >= 0; i--) {
    const row = u.subarray(i * n, i * n + n);
    const diagonal = r[i * n + i] ?? 1;
    row[i] = 1 / diagonal;
    for (let k = i + 1; k < n; k++) {
      const share = -(r[i * n + k] ?? 0) / diagonal;
      if (share === 0) continue;
      const below = u.subarray(k * n, k * n + n);
      for (let j = k; j < n; j++) row[j] = (row[j] ?? 0) + share * (below[j] ?? 0);
    }
  }
  return u;
}
