import {
  type DType,
  decodeStrings,
  fromNumbers,
  isBigInt,
  isFloat,
  pack,
  stringTensor,
  Tensor,
  toNumbers,
  unpack,
} from '@octavo/core/tensor';
import { fromBigInts, toBigInts } from './arithmetic.js';
import { refuse } from './integer-operands.js';
import { decodeTable, encoder, isSmallFloat, type SmallFloatOptions } from './small-floats.js';

export type CastOptions = SmallFloatOptions;

/**
 * The elements in another dtype (ONNX Cast): floats round to nearest even, float to integer truncates, integers
 * that do not fit keep their low bits; text is parsed and printed.
 */
export function castTensor(tensor: Tensor, to: DType, options: CastOptions): Tensor {
  const { dtype: from, shape } = tensor;
  if (from === to) return tensor;
  if (to === 'string') return stringTensor(textOf(tensor), shape);
  if (tensor.is('string')) return parseText(tensor, to);
  if (isBigInt(to) && !isFloat(from) && !isSmallFloat(from)) {
    return fromBigInts(to, shape, Array.from(toBigInts(tensor)));
  }
  if (isBigInt(from) && !isFloat(to) && !isSmallFloat(to)) {
    const low = Array.from(toBigInts(tensor), (x) => Number(to === 'bool' ? x !== 0n : BigInt.asIntN(32, x)));
    return fromNumbers(to, shape, low);
  }
  const values =
    isBigInt(from) && to !== 'float64'
      ? Float64Array.from(toBigInts(tensor), roundedToOdd)
      : numbersOf(tensor);
  return fromFloats(values, to, tensor, options);
}

/**
 * A number that rounds to a float of 32 bits or fewer as the integer does: beyond 53 bits, the last bit stands for all
 * that are dropped (S. Boldo and G. Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
 */
function roundedToOdd(x: bigint): number {
  const magnitude = x < 0n ? -x : x;
  if (magnitude <= Number.MAX_SAFE_INTEGER) return Number(x);
  const kept = Number((magnitude >> 11n) | (magnitude & 0x7ffn ? 1n : 0n)) * 2 ** 11;
  return x < 0n ? -kept : kept;
}

/** The elements as numbers, floats of 8 bits and less included. */
function numbersOf(tensor: Tensor): ArrayLike<number> {
  if (!isSmallFloat(tensor.dtype)) return toNumbers(tensor);
  const table = decodeTable(tensor.dtype);
  const codes = tensor.dtype === 'float4e2m1' ? unpack('uint4', tensor.bytes, tensor.size) : tensor.bytes;
  return Float32Array.from(codes, (code) => table[code] ?? Number.NaN);
}

function fromFloats(values: ArrayLike<number>, to: DType, from: Tensor, options: CastOptions): Tensor {
  const { shape } = from;
  if (isSmallFloat(to)) {
    const codes = Uint8Array.from(values, encoder(to, options));
    return new Tensor(to, shape, to === 'float4e2m1' ? pack('uint4', codes) : codes);
  }
  if (to === 'bool')
    return fromNumbers(
      to,
      shape,
      Array.from(values, (x) => Number(x !== 0)),
    );
  return fromNumbers(to, shape, values);
}

function parseText(tensor: Tensor<'string'>, to: DType): Tensor {
  const decoder = new TextDecoder();
  const words = decodeStrings(tensor.data).map((bytes) => decoder.decode(bytes).trim());
  if (isBigInt(to)) return fromBigInts(to, tensor.shape, words.map(parseBigInt));
  return fromNumbers(to, tensor.shape, words.map(parseNumber));
}

function parseBigInt(word: string): bigint {
  return /^[+-]?\d+$/.test(word) ? BigInt(word.replace('+', '')) : BigInt(Math.trunc(parseNumber(word)));
}

/** ONNX Cast: decimal or scientific numbers, and NaN, INF, +INF, -INF in any case. */
function parseNumber(word: string): number {
  const special = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(word);
  if (special) {
    const magnitude = special[2]?.toLowerCase() === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY;
    return special[1] === '-' ? -magnitude : magnitude;
  }
  const value = word === '' ? Number.NaN : Number(word);
  if (Number.isNaN(value)) refuse(`"${word}" is no number.`);
  return value;
}

function textOf(tensor: Tensor): string[] {
  if (isBigInt(tensor.dtype)) return Array.from(toBigInts(tensor), String);
  if (tensor.dtype === 'float64') return Array.from(toNumbers(tensor), printed);
  return Array.from(numbersOf(tensor), (x) => printed(shortest(x)));
}

/** The decimal number with the fewest digits that rounds to the same float32. */
function shortest(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(x.toPrecision(digits));
    if (Math.fround(candidate) === Math.fround(x)) return candidate;
  }
  return Number(x.toPrecision(9));
}

function printed(x: number): string {
  if (Number.isFinite(x)) return Object.is(x, -0) ? '-0' : String(x);
  return Number.isNaN(x) ? 'NaN' : x > 0 ? 'INF' : '-INF';
}
