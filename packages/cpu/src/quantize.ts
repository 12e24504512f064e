import { CpuError, callNative } from './cpu-error.js';
import { loadBinding } from './load-binding.js';

/** Arrays that floats are quantized to; the kind of array is the type. */
export type QuantizedArray = Int8Array | Uint8Array | Int16Array | Uint16Array;

/**
 * The parameters of a quantized tensor, seen as dense `[outer, channels, inner]`: a scale and a zero point for all of
 * it, or one for each channel.
 */
export interface TensorQuantization {
  /** Finite and above 0: one for all, or one a channel. */
  readonly scales: number | Float32Array;
  /** Within the range of the type: one for all, or one a channel; 0 by default. */
  readonly zeroPoints?: number | Int32Array | undefined;
  /** With scales a channel: elements of one channel that lie side by side; 1 (channels last) by default. */
  readonly inner?: number | undefined;
}

/**
 * `q = saturate(round(x / scale) + zeroPoint)`, rounding to nearest even; NaN gives the type's minimum. The same bits
 * on every CPU (ONNX QuantizeLinear).
 *
 * @param out - receives the numbers; its kind is their type
 * @returns `out`
 * @throws CpuError `CPU_INVALID_ARGUMENT` naming the argument: lengths that differ, scales or zero points of another
 *   number than the channels, scales that are not finite and above 0, zero points outside the type, overlapping arrays
 */
export function quantize<T extends QuantizedArray>(x: Float32Array, by: TensorQuantization, out: T): T {
  const { binding } = loadBinding();
  callNative(() => binding.quantize(x, ...nativeQuantization(by, x.length), out));
  return out;
}

/**
 * `x = (q - zeroPoint) * scale`, rounded once to float32 (ONNX DequantizeLinear).
 *
 * @param out - as long as `q`; a new array by default
 * @throws CpuError as `quantize` does
 */
export function dequantize(
  q: QuantizedArray | Int32Array,
  by: TensorQuantization,
  out: Float32Array = new Float32Array(q.length),
): Float32Array {
  const { binding } = loadBinding();
  callNative(() => binding.dequantize(q, ...nativeQuantization(by, q.length), out));
  return out;
}

/** Rows of numbers in uint8, each with a scale and a zero point. */
export interface QuantizedRows {
  /** `[rows, columns]` */
  readonly values: Uint8Array;
  /** `[rows]` */
  readonly scales: Float32Array;
  /** `[rows]`, from 0 to 255: what `matmul` takes as `zeroPoints`. */
  readonly zeroPoints: Int32Array;
}

/**
 * Quantizes each row by its own range, which is widened to include 0; NaN is skipped (ONNX DynamicQuantizeLinear, row by
 * row). The result feeds `matmul` with `rowScales`.
 *
 * @param x - `[rows, columns]`, dense
 * @throws CpuError `CPU_INVALID_ARGUMENT` where `x` has not `rows * columns` elements; `CPU_OUT_OF_MEMORY`
 */
export function quantizeRows(x: Float32Array, rows: number, columns: number): QuantizedRows {
  const { binding } = loadBinding();
  // The addon checks the sizes: no more rows are allocated than there are elements.
  const count = Math.min(rows >= 0 ? Math.trunc(rows) : 0, x.length);
  const scales = new Float32Array(count);
  const zeroPoints = new Int32Array(count);
  const values = new Uint8Array(x.length);
  callNative(() => binding.quantizeRows(x, rows, columns, values, scales, zeroPoints));
  return { values, scales, zeroPoints };
}

type NativeQuantization = [shape: Int32Array, scales: Float32Array, zeroPoints: Int32Array];

function nativeQuantization(by: TensorQuantization, length: number): NativeQuantization {
  const scales = typeof by.scales === 'number' ? Float32Array.of(by.scales) : by.scales;
  const channels = scales.length;
  const { zeroPoints = 0, inner = channels === 1 ? length : 1 } = by;
  const outer = channels * inner === 0 ? 0 : length / (channels * inner);
  if (![outer, channels, inner].every((size) => Number.isInteger(size) && size >= 0 && size < 2 ** 31)) {
    throw new CpuError({
      code: 'CPU_INVALID_ARGUMENT',
      where: 'scales',
      message: `${length} elements are not a whole number of ${channels} channels of ${inner} elements`,
    });
  }
  const points = typeof zeroPoints === 'number' ? new Int32Array(channels).fill(zeroPoints) : zeroPoints;
  return [Int32Array.of(outer, channels, inner), scales, points];
}
