import { float32, fromNumbers, type Shape, type Tensor } from '@octavo/core/tensor';
import fc from 'fast-check';

const count = (shape: Shape) => shape.reduce((a, b) => a * b, 1);

/** Seeds of pseudo-random content: arrays from fast-check itself are slow and shrink element by element. */
export const seed = fc.integer({ min: 1, max: 2 ** 30 });

function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** Reals in [-2, 2). */
export function reals(shape: Shape, start: number): Tensor<'float32'> {
  const random = generator(start);
  return float32(
    Array.from({ length: count(shape) }, () => random() * 4 - 2),
    shape,
  );
}

/** Integers of the whole range [min, max]. */
export function integersIn<D extends 'int8' | 'uint8' | 'int32'>(
  dtype: D,
  shape: Shape,
  start: number,
  min: number,
  max: number,
): Tensor<D> {
  const random = generator(start);
  const values = Array.from({ length: count(shape) }, () => min + Math.floor(random() * (max - min + 1)));
  return fromNumbers(dtype, shape, values);
}

/** Positive scales in [0.002, 0.05), one an element. */
export function scales(length: number, start: number, shape: Shape = [length]): Tensor<'float32'> {
  const random = generator(start + 7);
  return float32(
    Array.from({ length }, () => 0.002 + random() * 0.048),
    shape,
  );
}
