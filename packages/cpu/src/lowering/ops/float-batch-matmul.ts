import type { Value } from '@octavo/core/ir';
import { broadcastShapes, type Shape, stridesOf } from '@octavo/core/tensor';
import { fuseFloatEpilogue } from '../float-epilogue.js';
import type { ProgramBuilder } from '../program-builder.js';
import { shapeOf } from '../static-value.js';

/** A dimension of a batch of products; strides are in elements, 0 where an operand repeats. */
export interface BatchDimension {
  readonly size: number;
  readonly a: number;
  readonly b: number;
  readonly out: number;
}

/** Strides of the rows and columns of a matrix, in elements. */
export interface MatrixStrides {
  readonly row: number;
  readonly column: number;
}

/** Products of `[m, k]` and `[k, n]` matrices; the columns of a result lie together. */
export interface BatchProduct {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly a: MatrixStrides;
  readonly b: MatrixStrides;
  readonly outRow: number;
  /** At most {@link MOST_BATCH_AXES}. */
  readonly batch: readonly BatchDimension[];
}

/** Axes of a batch that the native ops take. */
export const MOST_BATCH_AXES = 4;

/** The words of a batch of products (`native/src/program/matrix_batch.h`). */
export function batchProductWords({ m, k, n, a, b, outRow, batch }: BatchProduct): readonly number[] {
  const words = [m, k, n, a.row, a.column, b.row, b.column, outRow, batch.length];
  for (const dimension of batch) words.push(dimension.size, dimension.a, dimension.b, dimension.out);
  return words;
}

/** Numpy's `matmul` of two row-major values. */
export function productBatch(
  left: Value,
  right: Value,
): BatchProduct & { operands: readonly [Value, Value] } {
  const [aShape, bShape] = [shapeOf(left), shapeOf(right)];
  const a = aShape.length === 1 ? [1, ...aShape] : aShape;
  const b = bShape.length === 1 ? [...bShape, 1] : bShape;
  const [m = 1, k = 1] = a.slice(-2);
  const n = b.at(-1) ?? 1;
  const sizes = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
  const out = stridesOf([...sizes, m, n]);
  const [aStrides, bStrides] = [batchStrides(a, sizes.length), batchStrides(b, sizes.length)];
  return {
    operands: [left, right],
    ...{ m, k, n },
    a: { row: k, column: 1 },
    b: { row: n, column: 1 },
    outRow: n,
    batch: sizes.map((size, axis) => ({
      size,
      a: aStrides[axis] ?? 0,
      b: bStrides[axis] ?? 0,
      out: out[axis] ?? 0,
    })),
  };
}

/** From one matrix of a value to the next along each of `axes` axes in front of its last two; 0 where it repeats. */
function batchStrides(shape: Shape, axes: number): readonly number[] {
  const strides = stridesOf(shape);
  const missing = axes - (shape.length - 2);
  const batch = new Array<number>(axes).fill(0);
  for (let axis = missing; axis < axes; axis++)
    if (shape[axis - missing] !== 1) batch[axis] = strides[axis - missing] ?? 0;
  return batch;
}

/** Emits products of two values that vary, and what follows them. */
export function emitBatchProduct(
  program: ProgramBuilder,
  product: BatchProduct & { readonly operands: readonly [Value, Value] },
  output: Value,
): void {
  const [left, right] = product.operands;
  const [a, b] = [program.operand(left), program.operand(right)];
  const epilogue = fuseFloatEpilogue(program, {
    output,
    // A vector at the right leaves no axis of columns.
    biasAxis: shapeOf(right).length >= 2 ? shapeOf(output).length - 1 : undefined,
    bias: undefined,
    layout: 'nchw',
    reads: [a, b],
  });
  program.emit(
    {
      name: 'float_batch_matmul',
      operands: [...epilogue.operands, a, b, epilogue.to],
      words: [...epilogue.words, ...batchProductWords(product)],
    },
    program.isa.floatKernel,
  );
}
