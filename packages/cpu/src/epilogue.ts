import type { QLinearAddConstants } from '@octavo/core/quant';
import type { ByteArray, NativeEpilogue, OutputArray } from './binding.js';
import { CpuError } from './cpu-error.js';

/** Accumulators as they are: `y = acc + bias[c]`, modulo 2^32. */
export interface Int32Epilogue {
  readonly output: 'int32';
  /** One value a column (output channel). */
  readonly bias?: Int32Array | undefined;
}

/**
 * Dequantized: `y = f32(f32(acc + bias[c]) * m) + floatBias[c]`, where `m` is `scales[c]`, or
 * `f32(rowScales[r] * scales[c])` with row scales. Each `f32` rounds once, to nearest even.
 */
export interface Float32Epilogue {
  readonly output: 'float32';
  readonly bias?: Int32Array | undefined;
  /** One multiplier for all columns (a number, or one element), or one a column; infinities and NaN multiply as IEEE 754 says. */
  readonly scales: number | Float32Array;
  /** One a row, for activations quantized row by row; not for convolutions. */
  readonly rowScales?: Float32Array | undefined;
  readonly floatBias?: Float32Array | undefined;
}

/**
 * What a quantized output is added to, element by element: `y = clamp(sat(rne(fma(q, ra, fma(r, rb, c0)))))`, which is
 * ONNX Runtime's QLinearAdd of `q`, the output so far, and `r`; or, where `r` comes first, `fma(r, ra, fma(q, rb, c0))`.
 */
export interface QuantizedResidual {
  /** Laid out as the output, which it must not overlap; int8 or uint8, whatever the output is. */
  readonly data: ByteArray;
  /** From row to row, in elements, at least `n`; of `matmul` only, and `n` by default. */
  readonly stride?: number | undefined;
  /** `qlinearAddConstants(q, r, y)` of `@octavo/core/quant`, or `(r, q, y)` where `r` comes first: finite. */
  readonly constants: QLinearAddConstants;
  /** Whether `r` is the first operand of the sum, which decides how it rounds; not by default. */
  readonly comesFirst?: boolean | undefined;
  /** Limits of the sum in the output's type; the whole range by default. */
  readonly clamp?: { readonly min: number; readonly max: number } | undefined;
}

/**
 * Requantized: `q = clamp(rne(f32(f32(acc + bias[c]) * scales[c])) + zeroPoint)`, where `rne` rounds to nearest, ties
 * to even, and `scales[c] = f32(f32(inputScale * weightScale[c]) / outputScale)`; then `q` becomes `table[byte of q]` where
 * there is a table, and the residual is added where there is one. Without either `y = q`.
 */
export interface QuantizedEpilogue {
  readonly output: 'uint8' | 'int8';
  readonly bias?: Int32Array | undefined;
  readonly scales: number | Float32Array;
  readonly zeroPoint: number;
  /** Limits in the quantized domain, such as a fused ReLU's; the whole range of the type by default. */
  readonly clamp?: { readonly min: number; readonly max: number } | undefined;
  /** 256 entries of the output's type: any function of a byte. A negative `q` is at index `q + 256`. */
  readonly table?: Uint8Array | Int8Array | undefined;
  readonly residual?: QuantizedResidual | undefined;
}

/** What becomes of the int32 accumulators. */
export type Epilogue = Int32Epilogue | Float32Epilogue | QuantizedEpilogue;

interface OutputArrays {
  readonly int32: Int32Array;
  readonly float32: Float32Array;
  readonly uint8: Uint8Array;
  readonly int8: Int8Array;
}

/** The array that an epilogue writes. */
export type OutputOf<E extends Epilogue> = OutputArrays[E['output']];

const ALLOCATE: { readonly [Output in keyof OutputArrays]: (length: number) => OutputArrays[Output] } = {
  int32: (length) => new Int32Array(length),
  float32: (length) => new Float32Array(length),
  uint8: (length) => new Uint8Array(length),
  int8: (length) => new Int8Array(length),
};

const OUTPUT_ARRAYS = {
  int32: Int32Array,
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
} as const satisfies Record<keyof OutputArrays, unknown>;

/** Elements to allocate for `m` rows of `n`, `stride` apart; sizes that make no sense allocate nothing and are refused by the call that follows. */
export function outputLength(m: number, n: number, stride: number): number {
  const length = m > 0 ? (m - 1) * stride + n : 0;
  return Number.isSafeInteger(length) && length > 0 ? length : 0;
}

/**
 * A new array of `length` elements of the epilogue's output type.
 *
 * @throws CpuError `CPU_OUT_OF_MEMORY` where there can be no such array
 */
export function allocateOutput<E extends Epilogue>(epilogue: E, length: number): OutputOf<E> {
  const output: E['output'] = epilogue.output;
  try {
    return ALLOCATE[output](length);
  } catch (cause) {
    const message = `no memory for ${length} outputs of type ${output}`;
    throw new CpuError({ code: 'CPU_OUT_OF_MEMORY', where: 'out', message, cause });
  }
}

/**
 * The epilogue as the addon takes it, writing `out`, whose residual has rows `residualStride` elements apart where it does
 * not say otherwise (0 for convolutions).
 *
 * @throws CpuError `CPU_INVALID_ARGUMENT` where `out` is not of the epilogue's output type
 */
export function nativeEpilogue(epilogue: Epilogue, out: OutputArray, residualStride: number): NativeEpilogue {
  if (!(out instanceof OUTPUT_ARRAYS[epilogue.output])) {
    const expected = OUTPUT_ARRAYS[epilogue.output].name;
    throw new CpuError({
      code: 'CPU_INVALID_ARGUMENT',
      where: 'out',
      message: `expected ${expected} for the output ${epilogue.output}, found ${describe(out)}`,
    });
  }
  switch (epilogue.output) {
    case 'int32':
      return [epilogue.bias, undefined, undefined, undefined, 0, 0, 0, out, ...NO_TAIL];
    case 'float32': {
      const { bias, rowScales, floatBias } = epilogue;
      return [bias, asArray(epilogue.scales), rowScales, floatBias, 0, 0, 0, out, ...NO_TAIL];
    }
    default: {
      const range = epilogue.output === 'uint8' ? UINT8 : INT8;
      const { min, max } = epilogue.clamp ?? range;
      const { bias, zeroPoint } = epilogue;
      const tail = nativeTail(epilogue, range, residualStride);
      return [bias, asArray(epilogue.scales), undefined, undefined, zeroPoint, min, max, out, ...tail];
    }
  }
}

type NativeTail = [
  table: ByteArray | undefined,
  residual: ByteArray | undefined,
  stride: number,
  sum: Float32Array | undefined,
];

const NO_TAIL: NativeTail = [undefined, undefined, 0, undefined];

function nativeTail(
  { table, residual }: QuantizedEpilogue,
  range: typeof UINT8,
  residualStride: number,
): NativeTail {
  if (!residual) return [table, undefined, 0, undefined];
  const { ra, rb, c0 } = residual.constants;
  const { min, max } = residual.clamp ?? range;
  const { comesFirst = false } = residual;
  const ratios = comesFirst ? [rb, ra] : [ra, rb];
  const sum = Float32Array.of(...ratios, c0, min, max, Number(comesFirst));
  return [table, residual.data, residual.stride ?? residualStride, sum];
}

const UINT8 = { min: 0, max: 255 };
const INT8 = { min: -128, max: 127 };

function asArray(scales: number | Float32Array): Float32Array {
  return typeof scales === 'number' ? Float32Array.of(scales) : scales;
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? value.constructor.name : String(value);
}
