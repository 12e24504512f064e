import type { Shape, Tensor } from '../../tensor/index.js';
import {
  ALL_DTYPES,
  DTYPES,
  type DType,
  decodeStrings,
  elementCount,
  encodeStrings,
  fromNumbers,
  isBigInt,
  isFloat,
  Tensor as TensorClass,
  tensorFromBytes,
  toNumbers,
} from '../../tensor/index.js';
import type { Int } from '../attribute.js';
import type { Lexer } from './lexer.js';

/** The shortest decimal that gives the same float32; all digits for numbers that are no float32. */
export function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0';
  if (Math.fround(value) !== value) return String(value);
  for (let digits = 1; digits < 10; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(value);
}

export function printHex(bytes: Uint8Array): string {
  return `hex"${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}"`;
}

/** Bytes as a JSON string when they are UTF-8, else in hex. */
export function printBytes(bytes: Uint8Array): string {
  try {
    return JSON.stringify(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return printHex(bytes);
  }
}

/** The elements: one for a scalar, else a flat list in row-major order. Opaque dtypes print their bytes. */
export function printElements(tensor: Tensor): string {
  const elements = elementTexts(tensor);
  if (typeof elements === 'string') return elements;
  return tensor.shape.length === 0 ? (elements[0] ?? '') : `[${elements.join(', ')}]`;
}

function elementTexts(tensor: Tensor): readonly string[] | string {
  if (tensor.is('int64') || tensor.is('uint64')) return Array.from<bigint, string>(tensor.data, String);
  if (tensor.is('string')) return decodeStrings(tensor.data).map(printBytes);
  if (tensor.is('float64')) return Array.from(tensor.data, (value) => printFloat64(value));
  if (DTYPES[tensor.dtype].kind === 'opaque') return printHex(tensor.bytes);
  return Array.from(toNumbers(tensor), isFloat(tensor.dtype) ? printFloat : String);
}

function printFloat64(value: number): string {
  return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : printFloat(value);
}

export function readDType(lexer: Lexer): DType {
  const word = lexer.expectKind('word');
  return ALL_DTYPES.find((dtype) => dtype === word) ?? lexer.fail(`${word} is no element type.`);
}

export function isNumberNext(lexer: Lexer): boolean {
  return lexer.next.kind === 'number' || lexer.at('inf') || lexer.at('nan');
}

export function readNumberText(lexer: Lexer): string {
  if (!isNumberNext(lexer)) lexer.fail(`expected a number, found '${lexer.next.text}'.`);
  return lexer.take().text;
}

export function numberFrom(text: string): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

export function readNumber(lexer: Lexer): number {
  return numberFrom(readNumberText(lexer));
}

/** A whole number: a bigint when it is not safe as a number. */
export function intFrom(lexer: Lexer, text: string): Int {
  if (!/^-?\d+$/.test(text)) lexer.fail(`expected a whole number, found '${text}'.`);
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

export function readHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}

/** Inverse of {@link printElements}. */
export function readElements(lexer: Lexer, dtype: DType, shape: Shape): Tensor {
  if (lexer.at('...')) lexer.fail('the elements were left out of this text, so it cannot be read back.');
  if (DTYPES[dtype].kind === 'opaque') {
    return tensorFromBytes(dtype, shape, readHex(lexer.expectKind('hex')));
  }
  const one = (): string | Uint8Array => (dtype === 'string' ? readBytes(lexer) : readNumberText(lexer));
  const items = lexer.accept('[') ? lexer.list(']', one) : [one()];
  const needed = elementCount(shape);
  if (items.length !== needed) lexer.fail(`${needed} elements expected, found ${items.length}.`);
  return tensorFrom(lexer, dtype, shape, items);
}

function tensorFrom(
  lexer: Lexer,
  dtype: DType,
  shape: Shape,
  items: readonly (string | Uint8Array)[],
): Tensor {
  if (dtype === 'string') {
    return new TensorClass(dtype, shape, encodeStrings(items.filter((item) => typeof item !== 'string')));
  }
  const texts = items.map(String);
  if (isBigInt(dtype)) {
    const values = texts.map((text) => BigInt(intFrom(lexer, text)));
    return dtype === 'int64'
      ? new TensorClass(dtype, shape, BigInt64Array.from(values))
      : new TensorClass(dtype, shape, BigUint64Array.from(values));
  }
  return fromNumbers(dtype, shape, texts.map(numberFrom));
}

/** A JSON string or hex bytes. */
export function readBytes(lexer: Lexer): Uint8Array {
  const { kind } = lexer.next;
  const text = lexer.expectKind('string', 'hex');
  return kind === 'hex' ? readHex(text) : new TextEncoder().encode(text);
}
