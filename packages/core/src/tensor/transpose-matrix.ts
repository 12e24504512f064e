import type { NumberArray } from './numbers.js';

/** The transpose `[columns, rows]` of a row-major matrix `[rows, columns]`. */
export function transposeMatrix<A extends NumberArray>(values: A, rows: number, columns: number): A {
  const result = values.slice() as A;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return result;
}
