import type { ByteArray } from './binding.js';
import { callNative } from './cpu-error.js';
import { allocateOutput, type Epilogue, nativeEpilogue, type OutputOf, outputLength } from './epilogue.js';
import { type PackedWeights, toZeroPoints } from './packed-weights.js';

/** The left-hand side of a product with packed weights. */
export interface LeftHandSide {
  /** `[m, k]`, each row starting `stride` elements after the one before. */
  readonly a: ByteArray;
  readonly m: number;
  /** In elements, at least `k`; `k` by default. */
  readonly stride?: number | undefined;
  /** Within the range of `a`'s type: one for all, or one a row; 0 by default. */
  readonly zeroPoints?: number | ByteArray | Int32Array | undefined;
  readonly packed: PackedWeights;
}

/** A product and where it goes. */
export interface MatmulOptions<E extends Epilogue> extends LeftHandSide {
  readonly epilogue: E;
  /** Rows of outputs, `outStride` elements apart; must not overlap `a`. A new dense `[m, n]` array by default. */
  readonly out?: OutputOf<E> | undefined;
  /** In elements, at least `n`; `n` by default. */
  readonly outStride?: number | undefined;
}

/**
 * `out[r, c] = epilogue(sum over k of (a[r, k] - aZeroPoint[r]) * (w[k, c] - wZeroPoint[c]))`, summed in int32 modulo
 * 2^32, for all four combinations of signs. The same bits on every CPU.
 *
 * @returns `out`
 * @throws CpuError `CPU_INVALID_ARGUMENT` naming the argument, what was expected and what was found: arrays that are
 *   too short, detached or of the wrong type, scales that are not finite where the output is int8 or uint8, zero points and
 *   limits outside their type; `CPU_OUT_OF_MEMORY`. Nothing has been written then.
 */
export function matmul<const E extends Epilogue>(options: MatmulOptions<E>): OutputOf<E> {
  const { a, m, packed, epilogue } = options;
  const { stride = packed.k, outStride = packed.n } = options;
  const out = options.out ?? allocateOutput(epilogue, outputLength(m, packed.n, outStride));
  const { binding, handle } = packed.native;
  const zeroPoints = toZeroPoints(options.zeroPoints);
  const finish = nativeEpilogue(epilogue, out, packed.n);
  callNative(() => binding.matmul(handle, a, m, stride, zeroPoints, ...finish, outStride));
  return out;
}

/** ONNX MatMulInteger: the int32 accumulators themselves. */
export interface MatmulIntegerOptions extends LeftHandSide {
  /** `[m, n]`; a new array by default. */
  readonly out?: Int32Array | undefined;
}

/**
 * ONNX MatMulInteger with packed weights: see `matmul`.
 *
 * @throws CpuError as `matmul` does
 */
export function matmulInteger(options: MatmulIntegerOptions): Int32Array {
  return matmul({ ...options, epilogue: { output: 'int32' } });
}
