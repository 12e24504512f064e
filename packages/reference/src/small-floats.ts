import type { DType } from '@octavo/core/tensor';

/** Floats of 8 and 4 bits: the number of every code. */
export type SmallFloat =
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float8e8m0'
  | 'float4e2m1';

interface Format {
  readonly bits: 4 | 8;
  readonly fraction: number;
  readonly bias: number;
  /** Codes that are no finite number, by their value. */
  readonly special: ReadonlyMap<number, number>;
}

function specials(...pairs: readonly [number, number][]): ReadonlyMap<number, number> {
  return new Map(pairs);
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** ONNX "Float stored in 8 bits" and "4 bit floating point" pages; `fnuz` formats have no -0, its code is NaN. */
const FORMATS: Readonly<Record<Exclude<SmallFloat, 'float8e8m0'>, Format>> = {
  float8e4m3fn: { bits: 8, fraction: 3, bias: 7, special: specials([0x7f, nan], [0xff, nan]) },
  float8e4m3fnuz: { bits: 8, fraction: 3, bias: 8, special: specials([0x80, nan]) },
  float8e5m2: {
    bits: 8,
    fraction: 2,
    bias: 15,
    special: specials(
      [0x7c, inf],
      [0xfc, -inf],
      ...[0x7d, 0x7e, 0x7f, 0xfd, 0xfe, 0xff].map((code): [number, number] => [code, nan]),
    ),
  },
  float8e5m2fnuz: { bits: 8, fraction: 2, bias: 16, special: specials([0x80, nan]) },
  float4e2m1: { bits: 4, fraction: 1, bias: 1, special: specials() },
};

/** What NaN becomes; the 4-bit format has none and takes -0. */
const NAN_CODES: Readonly<Record<SmallFloat, number>> = {
  float8e4m3fn: 0x7f,
  float8e4m3fnuz: 0x80,
  float8e5m2: 0x7e,
  float8e5m2fnuz: 0x80,
  float8e8m0: 0xff,
  float4e2m1: 8,
};

export function isSmallFloat(dtype: DType): dtype is SmallFloat {
  return Object.hasOwn(NAN_CODES, dtype);
}

/** The number of each code, exact. */
export function decodeTable(dtype: SmallFloat): Float32Array {
  if (dtype === 'float8e8m0')
    return Float32Array.from({ length: 256 }, (_, code) => (code === 255 ? nan : 2 ** (code - 127)));
  const { bits, fraction, bias, special } = FORMATS[dtype];
  return Float32Array.from({ length: 2 ** bits }, (_, code) => {
    const known = special.get(code);
    if (known !== undefined) return known;
    const sign = code >= 2 ** (bits - 1) ? -1 : 1;
    const magnitude = code % 2 ** (bits - 1);
    const exponent = Math.floor(magnitude / 2 ** fraction);
    const rest = (magnitude % 2 ** fraction) / 2 ** fraction;
    return sign * (exponent === 0 ? rest * 2 ** (1 - bias) : (1 + rest) * 2 ** (exponent - bias));
  });
}

export interface SmallFloatOptions {
  /** Clamp what is too large, instead of making it infinite or NaN. */
  readonly saturate: boolean;
  /** Only for float8e8m0. */
  readonly rounding: 'up' | 'down' | 'nearest';
}

/** A function from numbers to codes: round to nearest, ties to the even code. */
export function encoder(dtype: SmallFloat, options: SmallFloatOptions): (value: number) => number {
  if (dtype === 'float8e8m0') return (value) => encodeExponent(value, options);
  const table = decodeTable(dtype);
  const half = table.length / 2;
  const finite = Array.from(table.subarray(0, half)).filter(Number.isFinite);
  const largest = finite.length - 1;
  const step = (finite[largest] ?? 0) - (finite[largest - 1] ?? 0);
  const limit = (finite[largest] ?? 0) + step / 2;
  const minusZero = !dtype.endsWith('fnuz');
  return (value) => {
    if (Number.isNaN(value)) return NAN_CODES[dtype];
    const negative = value < 0 || Object.is(value, -0) ? half : 0;
    const magnitude = Math.abs(value);
    const beyond = magnitude > limit || (magnitude === limit && largest % 2 === 1);
    if (beyond && !options.saturate && dtype !== 'float4e2m1') {
      return dtype === 'float8e5m2' ? negative + 0x7c : dtype === 'float8e4m3fn' ? negative + 0x7f : 0x80;
    }
    const code = beyond ? largest : nearest(finite, magnitude);
    return code === 0 && !minusZero ? 0 : negative + code;
  };
}

/** The index of the nearest entry of an ascending list, the even one of two. */
function nearest(list: readonly number[], value: number): number {
  let above = list.findIndex((each) => each >= value);
  if (above < 0) above = list.length - 1;
  if (above === 0) return 0;
  const [low, high] = [value - (list[above - 1] ?? 0), (list[above] ?? 0) - value];
  return low < high || (low === high && above % 2 === 1) ? above - 1 : above;
}

/** A power of two, rounded to a neighbour by `rounding`. */
function encodeExponent(value: number, { saturate, rounding }: SmallFloatOptions): number {
  if (Number.isNaN(value) || value < 0) return 0xff;
  if (value === 0) return saturate ? 0 : 0xff;
  if (value === inf) return saturate ? 0xfe : 0xff;
  const floor = Math.floor(Math.log2(value));
  const low = 2 ** floor <= value ? floor : floor - 1;
  const mantissa = value / 2 ** low;
  const up = rounding === 'up' ? mantissa > 1 : rounding === 'nearest' ? mantissa >= 1.5 : false;
  const code = low + (up ? 1 : 0) + 127;
  if (code > 254) return saturate ? 0xfe : 0xff;
  return code < 0 ? (saturate ? 0 : 0xff) : code;
}
