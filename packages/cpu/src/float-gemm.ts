import type { FloatMatrixHandle, NativeBinding } from './binding.js';
import { callNative } from './cpu-error.js';
import { allocateOutput, outputLength } from './epilogue.js';
import { type FloatEpilogue, nativeActivation } from './float-epilogue.js';
import type { HalfType } from './half-floats.js';
import { loadBinding } from './load-binding.js';
import { NativeWeights } from './native-weights.js';

/**
 * How products are computed: `float32`, or `bf16`, which rounds both sides to bfloat16 (8 significant bits, nearest,
 * ties to even) and adds the products of pairs in float32.
 *
 * `bf16` is for CPUs whose `probe()` names `avx512bf16`: one instruction then does the work of two, on half the memory.
 * Elsewhere it does the same, slower than `float32`. Beside the rounding of the sum it changes a result by at most
 * `2^-7 * sum |a * w|`; that instruction takes numbers below `2^-126` for 0, too. See docs/numerics.md.
 */
export type FloatCompute = 'float32' | 'bf16';

/** Weights of a float product `[m, k] x [k, n]`. */
export interface FloatWeightsToPack {
  /** `[k, n]` row by row, or `[n, k]` where `transposed`: floats, or the bits of 16-bit floats, which stay so wide. */
  readonly data: Float32Array | Uint16Array;
  /** What the bits of a Uint16Array stand for; `float16` by default. */
  readonly type?: HalfType | undefined;
  readonly k: number;
  readonly n: number;
  /** Whether `data` is `[n, k]`, as ONNX Gemm's `transB`; false by default. */
  readonly transposed?: boolean | undefined;
  /** `bf16` for float32 and bfloat16 weights; `float32` by default. */
  readonly compute?: FloatCompute | undefined;
}

/** Float weights in the layout of this CPU's best kernel, in native memory; see `PackedWeights`. */
export class PackedFloatWeights extends NativeWeights<FloatMatrixHandle> {
  readonly k: number;
  readonly n: number;

  /** Use `packFloatWeights`. */
  constructor(binding: NativeBinding, weights: FloatWeightsToPack) {
    const { data, type = 'float16', k, n, transposed = false, compute = 'float32' } = weights;
    const [kStride, nStride] = transposed ? [1, k] : [n, 1];
    const isBfloat = type === 'bfloat16';
    super(
      binding,
      callNative(() => binding.packFloatMatrix(data, isBfloat, k, n, kStride, nStride, compute === 'bf16')),
    );
    this.k = k;
    this.n = n;
  }
}

/**
 * Packs float weights once, for any number of products.
 *
 * @throws CpuError `CPU_BINDING_NOT_FOUND` without the addon; `CPU_INVALID_ARGUMENT` for sizes that are not whole
 *   numbers, data shorter than `k * n`, or float16 weights with `compute: 'bf16'`; `CPU_OUT_OF_MEMORY`
 */
export function packFloatWeights(weights: FloatWeightsToPack): PackedFloatWeights {
  return new PackedFloatWeights(loadBinding().binding, weights);
}

/** A float product and where it goes. */
export interface FloatMatmulOptions extends FloatEpilogue {
  /** `[m, k]`, each row starting `stride` elements after the one before. */
  readonly a: Float32Array;
  readonly m: number;
  /** In elements, at least `k`; `k` by default. */
  readonly stride?: number | undefined;
  readonly packed: PackedFloatWeights;
  /** Rows `outStride` elements apart; must not overlap `a`. A new dense `[m, n]` array by default. */
  readonly out?: Float32Array | undefined;
  /** In elements, at least `n`; `n` by default. The residual's rows are as far apart. */
  readonly outStride?: number | undefined;
  /** At most this many threads; those of the process by default. */
  readonly threads?: number | undefined;
}

/**
 * `out[r, c] = activation(sum over k of a[r, k] * w[k, c] + bias[c] + residual[r, c])`, summed in float32 in the order
 * that suits the CPU: docs/numerics.md bounds the error, not the bits.
 *
 * @returns `out`
 * @throws CpuError `CPU_INVALID_ARGUMENT` naming the argument, what was expected and what was found;
 *   `CPU_OUT_OF_MEMORY`. Nothing has been written then.
 */
export function floatMatmul(options: FloatMatmulOptions): Float32Array {
  const { a, m, packed, bias, residual, threads = 0 } = options;
  const { stride = packed.k, outStride = packed.n } = options;
  const length = outputLength(m, packed.n, outStride);
  const out = options.out ?? allocateOutput({ output: 'float32', scales: 1 }, length);
  const activation = nativeActivation(options.activation);
  const { binding, handle } = packed.native;
  callNative(() =>
    binding.floatMatmul(handle, a, m, stride, bias, residual, outStride, activation, out, outStride, threads),
  );
  return out;
}
