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
    const at = j * n + j;
    const rest = n - 1 - j;
    const square = (matrix[at] ?? 0) - dot(r, at + 1, at + 1, rest);
    if (!(square > 0)) return undefined;
    const diagonal = Math.sqrt(square);
    r[at] = diagonal;
    for (let above = j; above < at; above += n)
      r[above] = ((matrix[above] ?? 0) - dot(r, above + 1, at + 1, rest)) / diagonal;
  }
  return r;
}

/** The product of two stretches of `r`, in four sums that do not wait for one another. */
function dot(r: Float64Array, x: number, y: number, length: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    a += (r[x + k] ?? 0) * (r[y + k] ?? 0);
    b += (r[x + k + 1] ?? 0) * (r[y + k + 1] ?? 0);
    c += (r[x + k + 2] ?? 0) * (r[y + k + 2] ?? 0);
    d += (r[x + k + 3] ?? 0) * (r[y + k + 3] ?? 0);
  }
  for (; k < length; k++) a += (r[x + k] ?? 0) * (r[y + k] ?? 0);
  return a + b + (c + d);
}

function invertUpper(r: Float64Array, n: number): Float64Array {
  // Rows are added by fours: those after the last are 0.
  const u = new Float64Array((n + 3) * n);
  for (let i = n - 1; i >= 0; i--) {
    const row = i * n;
    const diagonal = r[row + i] ?? 1;
    u[row + i] = 1 / diagonal;
    for (let k = i + 1; k < n; k += 4) {
      const a = -(r[row + k] ?? 0) / diagonal;
      const b = k + 1 < n ? -(r[row + k + 1] ?? 0) / diagonal : 0;
      const c = k + 2 < n ? -(r[row + k + 2] ?? 0) / diagonal : 0;
      const d = k + 3 < n ? -(r[row + k + 3] ?? 0) / diagonal : 0;
      for (let j = k; j < n; j++) {
        const at = k * n + j;
        const first = a * (u[at] ?? 0) + b * (u[at + n] ?? 0);
        const second = c * (u[at + 2 * n] ?? 0) + d * (u[at + 3 * n] ?? 0);
        u[row + j] = (u[row + j] ?? 0) + (first + second);
      }
    }
  }
  return u.subarray(0, n * n);
}
