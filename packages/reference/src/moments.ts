import type { FloatArray } from './floats.js';

/** Mean and variance (divided by the count) of a stretch of elements, in float64 and two passes. */
export function moments(
  values: FloatArray,
  start: number,
  count: number,
): { mean: number; variance: number } {
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += values[i] ?? 0;
  const mean = sum / count;
  let squares = 0;
  for (let i = start; i < start + count; i++) {
    const distance = (values[i] ?? 0) - mean;
    squares += distance * distance;
  }
  return { mean, variance: squares / count };
}

/** Mean of the squares of a stretch of elements, in float64. */
export function meanSquare(values: FloatArray, start: number, count: number): number {
  let squares = 0;
  for (let i = start; i < start + count; i++) squares += (values[i] ?? 0) * (values[i] ?? 0);
  return squares / count;
}
