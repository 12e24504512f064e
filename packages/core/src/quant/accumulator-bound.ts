import { type NumberArray, normalizeAxis, type Shape } from '../tensor/index.js';
import { forEachGroupRun } from './groups.js';

/** The output channel whose accumulator can grow largest. */
export interface AccumulatorBound {
  readonly channel: number;
  /** Largest possible magnitude of the accumulator, bias included. */
  readonly bound: number;
  /** Whether no input can push an int32 accumulator past its range: `bound < 2^31`. */
  readonly fits: boolean;
}

/**
 * Bounds `largestInput * sum|w - zeroPoint| + |bias|` over the output channels of a quantized layer.
 * @param weights Stored integers, one a slot, row-major over `shape`.
 * @param axis The output channels' axis.
 * @param largestInput Largest magnitude of `input - zeroPoint`: 255 covers every 8-bit type.
 * @throws TensorError `TENSOR_AXIS`.
 */
export function accumulatorBound(
  weights: NumberArray,
  shape: Shape,
  axis: number,
  options: {
    readonly zeroPoints?: Int32Array;
    readonly bias?: Int32Array;
    readonly largestInput?: number;
  } = {},
): AccumulatorBound {
  const { zeroPoints = Int32Array.of(0), bias, largestInput = 255 } = options;
  const sums = new Float64Array(shape[normalizeAxis(axis, shape.length)] ?? 1);
  forEachGroupRun(shape, { kind: 'per-axis', axis }, ({ start, count, group, step }) => {
    for (let i = 0; i < count; i++) {
      const channel = group + i * step;
      const zeroPoint = zeroPoints[zeroPoints.length === 1 ? 0 : channel] ?? 0;
      sums[channel] = (sums[channel] ?? 0) + Math.abs((weights[start + i] ?? 0) - zeroPoint);
    }
  });
  let worst = { channel: 0, bound: 0 };
  sums.forEach((sum, channel) => {
    const bound = largestInput * sum + Math.abs(bias?.[channel] ?? 0);
    if (bound > worst.bound) worst = { channel, bound };
  });
  return { ...worst, fits: worst.bound < 2 ** 31 };
}

/** Whether an int32 accumulator of so many products of 8-bit integers, without a bias, has room for any of them. */
export function holdsAnyProducts(products: number): boolean {
  return products * 255 * 255 < 2 ** 31;
}
