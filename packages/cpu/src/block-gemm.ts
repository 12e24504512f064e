import type { BlockMatrixHandle, NativeBinding } from './binding.js';
import { CpuError, callNative } from './cpu-error.js';
import { allocateOutput, outputLength } from './epilogue.js';
import { type FloatEpilogue, nativeActivation } from './float-epilogue.js';
import { loadBinding } from './load-binding.js';
import { NativeWeights } from './native-weights.js';

/**
 * Weights `(q - zero point) * scale` of a product `[m, k] x [k, n]`, with a scale for each block of `blockSize` values
 * along k. Numbers of fewer than 8 bits are packed in bytes, the first in the low bits.
 */
export interface BlockWeightsToPack {
  /**
   * `matmulnbits`: unsigned, `[n, blocks, blockSize]`, a last block padded; scales `[n, blocks]`; zero points
   * `[n, blocks]`, each row padded to a byte. `dequantize-linear`: `[k, n]`, scales and zero points `[blocks, n]`.
   */
  readonly format: 'matmulnbits' | 'dequantize-linear';
  readonly data: Uint8Array;
  readonly bits: 2 | 4 | 8;
  readonly k: number;
  readonly n: number;
  /** A multiple of 16, or at least `k` for one block a column. */
  readonly blockSize: number;
  /** Two's complement rather than unsigned (`dequantize-linear` only); false by default. */
  readonly signed?: boolean | undefined;
  /** Floats, or the bits of float16; finite, of either sign. */
  readonly scales: Float32Array | Uint16Array;
  /** Packed like `data`; by default the middle of the range: 0 where signed, else `2 ** (bits - 1)`. */
  readonly zeroPoints?: Uint8Array | undefined;
}

/** How numbers lie in a matrix of k by n, or of blocks by n. */
interface Strides {
  readonly k: number;
  readonly n: number;
}

/** Block-quantized weights in the layout of the kernels, in native memory; see `PackedWeights`. */
export class PackedBlockWeights extends NativeWeights<BlockMatrixHandle> {
  readonly k: number;
  readonly n: number;

  /** Use `packBlockWeights`. */
  constructor(binding: NativeBinding, weights: BlockWeightsToPack) {
    super(binding, packBlocks(binding, weights));
    this.k = weights.k;
    this.n = weights.n;
  }
}

/**
 * Packs block-quantized weights once, for any number of products.
 *
 * @throws CpuError `CPU_BINDING_NOT_FOUND` without the addon; `CPU_INVALID_ARGUMENT` for sizes that are not whole
 *   numbers, arrays that are too short, signed `matmulnbits` weights, or scales that are not finite; `CPU_OUT_OF_MEMORY`
 */
export function packBlockWeights(weights: BlockWeightsToPack): PackedBlockWeights {
  return new PackedBlockWeights(loadBinding().binding, weights);
}

/** Packs weights through a given addon. */
export function packBlocks(binding: NativeBinding, weights: BlockWeightsToPack): BlockMatrixHandle {
  const { data, bits, k, n, blockSize, signed = false, scales, zeroPoints } = weights;
  const { numbers, scale, zeroPoint } = stridesOf(weights);
  if (signed && weights.format === 'matmulnbits') {
    const message = 'packBlockWeights: signed: expected false for matmulnbits, whose numbers are unsigned';
    throw new CpuError({ code: 'CPU_INVALID_ARGUMENT', where: 'signed', message });
  }
  return callNative(() =>
    binding.packBlockMatrix(
      data,
      bits,
      signed,
      k,
      n,
      blockSize,
      numbers.k,
      numbers.n,
      scales,
      scale.k,
      scale.n,
      zeroPoints,
      zeroPoint.k,
      zeroPoint.n,
    ),
  );
}

function stridesOf({ format, bits, k, n, blockSize }: BlockWeightsToPack): {
  readonly numbers: Strides;
  readonly scale: Strides;
  readonly zeroPoint: Strides;
} {
  if (format === 'dequantize-linear') {
    const rows = { k: n, n: 1 };
    return { numbers: rows, scale: rows, zeroPoint: rows };
  }
  const blocks = Math.ceil(k / blockSize);
  const perByte = 8 / bits;
  return {
    numbers: { k: 1, n: blocks * blockSize },
    scale: { k: 1, n: blocks },
    zeroPoint: { k: 1, n: Math.ceil(blocks / perByte) * perByte },
  };
}

/** A product with block-quantized weights and where it goes. */
export interface BlockMatmulOptions extends FloatEpilogue {
  /** `[m, k]`, each row starting `stride` elements after the one before. */
  readonly a: Float32Array;
  readonly m: number;
  /** In elements, at least `k`; `k` by default. */
  readonly stride?: number | undefined;
  readonly packed: PackedBlockWeights;
  /**
   * `exact`: weights become floats, and products are summed in float32 in the order that suits the CPU.
   * `dynamic-int8`: each block of each row of `a` becomes int8 (`s = amax / 127`) and is multiplied in integers, the
   * same bits on every CPU; several times faster.
   */
  readonly mode: 'exact' | 'dynamic-int8';
  /** Rows `outStride` elements apart; must not overlap `a`. A new dense `[m, n]` array by default. */
  readonly out?: Float32Array | undefined;
  /** In elements, at least `n`; `n` by default. The residual's rows are as far apart. */
  readonly outStride?: number | undefined;
  /** At most this many threads; those of the process by default. */
  readonly threads?: number | undefined;
}

/**
 * `out[r, c] = activation(sum over k of a[r, k] * w[k, c] + bias[c] + residual[r, c])` by the formulas of
 * docs/numerics.md.
 *
 * @returns `out`
 * @throws CpuError `CPU_INVALID_ARGUMENT` naming the argument, what was expected and what was found;
 *   `CPU_OUT_OF_MEMORY`. Nothing has been written then.
 */
export function blockMatmul(options: BlockMatmulOptions): Float32Array {
  const { a, m, packed, mode, bias, residual, threads = 0 } = options;
  const { stride = packed.k, outStride = packed.n } = options;
  const length = outputLength(m, packed.n, outStride);
  const out = options.out ?? allocateOutput({ output: 'float32', scales: 1 }, length);
  const activation = nativeActivation(options.activation);
  const { binding, handle } = packed.native;
  const epilogue = [bias, residual, outStride, activation] as const;
  callNative(() =>
    binding.blockMatmul(handle, a, m, stride, mode === 'dynamic-int8', ...epilogue, out, outStride, threads),
  );
  return out;
}
