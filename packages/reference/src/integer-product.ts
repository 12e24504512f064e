import { requantizeElement, type StorageDType, saturate, storageRange } from '@octavo/core/quant';
import { fromNumbers, type NumberArray, type Shape, Tensor, transposeMatrix } from '@octavo/core/tensor';
import { type MatMulPlan, matMulSums, planMatMul } from './matmul-plan.js';

/** Integers with the scales and zero points of their rows (left operand) or columns (right operand). */
export interface IntegerOperand {
  readonly values: NumberArray;
  readonly shape: Shape;
  /** One for all, one for each row or column, or one for each row or column of every matrix. */
  readonly scales: ArrayLike<number>;
  readonly zeroPoints: ArrayLike<number>;
}

/** The quantization of a product's result. */
export interface IntegerResult {
  readonly scale: number;
  readonly zeroPoint: number;
  readonly storage: StorageDType;
}

/** Left operand minus the zero points of its rows; exact in float32 for integers of up to 16 bits. */
function centeredRows({ values, shape, zeroPoints }: IntegerOperand): Float32Array {
  const inner = shape.at(-1) ?? 1;
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = (values[i] ?? 0) - (zeroPoints[Math.floor(i / inner) % zeroPoints.length] ?? 0);
  }
  return out;
}

/** Right operand minus the zero points of its columns. A vector is one column. */
export function centeredColumns({ values, shape, zeroPoints }: IntegerOperand): Float32Array {
  const columns = shape.length === 1 ? 1 : (shape.at(-1) ?? 1);
  const matrix = columns * (shape.length === 1 ? (shape[0] ?? 1) : (shape.at(-2) ?? 1));
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const group = Math.floor(i / matrix) * columns + (i % columns);
    out[i] = (values[i] ?? 0) - (zeroPoints[group % zeroPoints.length] ?? 0);
  }
  return out;
}

/** The operand with rows and columns exchanged when asked. */
export function orientedOperand(matrix: IntegerOperand, transpose: boolean): IntegerOperand {
  if (!transpose) return matrix;
  const [rows = 1, columns = 1] = matrix.shape;
  const values = transposeMatrix(Float32Array.from(matrix.values), rows, columns);
  return { ...matrix, values, shape: [columns, rows] };
}

/**
 * `(A - z_a) (B - z_b)` in float64, where the sums are exact; `new Int32Array` wraps them modulo 2^32.
 * @param centered B minus its zero points, where that was computed before.
 */
export function integerSums(
  a: IntegerOperand,
  b: IntegerOperand,
  centered: Float32Array = centeredColumns(b),
): { readonly plan: MatMulPlan; readonly sums: Float64Array } {
  const plan = planMatMul(a.shape, b.shape);
  return { plan, sums: matMulSums(centeredRows(a), centered, plan) };
}

/** `sat(rne(f32(f32(acc) * M)) + z_y)` with `M = f32(f32(s_a * s_b) / s_y)` of the row and column. */
export function requantizeProduct(
  accumulators: Int32Array,
  plan: MatMulPlan,
  aScales: ArrayLike<number>,
  bScales: ArrayLike<number>,
  y: IntegerResult,
): Tensor {
  const { rows, columns } = plan;
  const range = storageRange(y.storage);
  const out = new Int32Array(accumulators.length);
  plan.pairs.forEach((pair, index) => {
    for (let row = 0; row < rows; row++) {
      const sA = aScales[(pair.a * rows + row) % aScales.length] ?? 1;
      const start = (index * rows + row) * columns;
      for (let column = 0; column < columns; column++) {
        const sB = bScales[(pair.b * columns + column) % bScales.length] ?? 1;
        const multiplier = Math.fround(Math.fround(sA * sB) / y.scale);
        const rounded = requantizeElement(accumulators[start + column] ?? 0, multiplier, y.zeroPoint);
        out[start + column] = saturate(rounded, range);
      }
    }
  });
  return fromNumbers(y.storage, plan.shape, out);
}

/** Requantized to `y`, or dequantized where the result is float. */
export function finishProduct(
  accumulators: Int32Array,
  plan: MatMulPlan,
  aScales: ArrayLike<number>,
  bScales: ArrayLike<number>,
  y: IntegerResult | undefined,
): Tensor {
  if (y) return requantizeProduct(accumulators, plan, aScales, bScales, y);
  return new Tensor('float32', plan.shape, scaleProduct(accumulators, plan, aScales, bScales));
}

/** `f32(f32(acc) * f32(s_a * s_b))`: the real numbers that accumulators stand for. */
export function scaleProduct(
  accumulators: Int32Array,
  { pairs, rows, columns }: MatMulPlan,
  aScales: ArrayLike<number>,
  bScales: ArrayLike<number>,
): Float32Array {
  const out = new Float32Array(accumulators.length);
  pairs.forEach((pair, index) => {
    for (let row = 0; row < rows; row++) {
      const sA = aScales[(pair.a * rows + row) % aScales.length] ?? 1;
      const start = (index * rows + row) * columns;
      for (let column = 0; column < columns; column++) {
        const scale = Math.fround(sA * (bScales[(pair.b * columns + column) % bScales.length] ?? 1));
        out[start + column] = Math.fround(accumulators[start + column] ?? 0) * scale;
      }
    }
  });
  return out;
}
