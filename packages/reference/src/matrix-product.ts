import type { FloatArray } from './floats.js';

/** A row-major matrix inside an array: element (i, j) is `data[offset + i * stride + j]`. */
export interface MatrixView<A extends FloatArray = FloatArray> {
  readonly data: A;
  readonly offset: number;
  readonly stride: number;
}

/** Sizes of a product: `C[rows, columns] += A[rows, inner] B[inner, columns]`. */
export interface ProductSize {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/**
 * `C += A B` with sums in float64: each float32 product is exact, and so is every sum of integers of up to 16 bits
 * (below 2^53 in total), which callers wrap to int32 with `| 0`.
 */
export function addProduct(
  c: MatrixView<Float64Array>,
  a: MatrixView,
  b: MatrixView,
  { rows, inner, columns }: ProductSize,
): void {
  const unrolled = inner - (inner % 4);
  for (let i = 0; i < rows; i++) {
    const row = c.data.subarray(c.offset + i * c.stride, c.offset + i * c.stride + columns);
    const first = a.offset + i * a.stride;
    for (let k = 0; k < unrolled; k += 4) addFourRows(row, a.data, first + k, b, k);
    for (let k = unrolled; k < inner; k++)
      addRow(row, a.data[first + k] ?? 0, b.data, b.offset + k * b.stride);
  }
}

/** Adds four scaled rows of B at once, which reads and writes the sums a quarter as often. */
function addFourRows(row: Float64Array, a: FloatArray, at: number, b: MatrixView, k: number): void {
  const { data, stride } = b;
  const a0 = a[at] ?? 0;
  const a1 = a[at + 1] ?? 0;
  const a2 = a[at + 2] ?? 0;
  const a3 = a[at + 3] ?? 0;
  let b0 = b.offset + k * stride;
  let b1 = b0 + stride;
  let b2 = b1 + stride;
  let b3 = b2 + stride;
  for (let j = 0; j < row.length; j++) {
    row[j] =
      (row[j] ?? 0) +
      a0 * (data[b0++] ?? 0) +
      a1 * (data[b1++] ?? 0) +
      a2 * (data[b2++] ?? 0) +
      a3 * (data[b3++] ?? 0);
  }
}

function addRow(row: Float64Array, a: number, b: FloatArray, offset: number): void {
  for (let j = 0; j < row.length; j++) row[j] = (row[j] ?? 0) + a * (b[offset + j] ?? 0);
}
