import type { ByteArray, MatrixHandle, NativeBinding } from './binding.js';
import { callNative } from './cpu-error.js';
import { loadBinding } from './load-binding.js';
import { NativeWeights } from './native-weights.js';

/** Weights of a product `[m, k] x [k, n]`. */
export interface WeightsToPack {
  /** `[k, n]` row by row, or `[n, k]` where `transposed`; the kind of array says whether they are signed. */
  readonly data: ByteArray;
  readonly k: number;
  readonly n: number;
  /** Whether `data` is `[n, k]`, as ONNX Gemm's `transB`; false by default. */
  readonly transposed?: boolean | undefined;
  /** Within the range of the data's type: one for all, or one a column; 0 by default. */
  readonly zeroPoints?: number | ByteArray | Int32Array | undefined;
}

/**
 * Weights in the layout of this CPU's best kernel, in native memory that `dispose` frees at once and garbage
 * collection otherwise. The layout depends on the CPU: keep the original weights, never these.
 */
export class PackedWeights extends NativeWeights<MatrixHandle> {
  readonly k: number;
  readonly n: number;

  /** Use `packWeights`. */
  constructor(binding: NativeBinding, { data, k, n, transposed = false, zeroPoints }: WeightsToPack) {
    const [kStride, nStride] = transposed ? [1, k] : [n, 1];
    const points = toZeroPoints(zeroPoints);
    super(
      binding,
      callNative(() => binding.packMatrix(data, k, n, kStride, nStride, points)),
    );
    this.k = k;
    this.n = n;
  }
}

/**
 * Packs weights once, for any number of products.
 *
 * @throws CpuError `CPU_BINDING_NOT_FOUND` without the addon; `CPU_INVALID_ARGUMENT` for sizes that are not whole
 *   numbers, data shorter than `k * n`, or zero points outside the type's range; `CPU_OUT_OF_MEMORY`
 */
export function packWeights(weights: WeightsToPack): PackedWeights {
  return new PackedWeights(loadBinding().binding, weights);
}

/** Zero points as the addon takes them. */
export function toZeroPoints(
  zeroPoints: number | ByteArray | Int32Array | undefined,
): Int32Array | undefined {
  if (zeroPoints === undefined || zeroPoints instanceof Int32Array) return zeroPoints;
  return typeof zeroPoints === 'number' ? Int32Array.of(zeroPoints) : Int32Array.from(zeroPoints);
}
