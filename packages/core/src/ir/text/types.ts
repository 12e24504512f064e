import { type Granularity, isStorageDType, type QuantizedType } from '../../quant/index.js';
import { type FloatDType, isFloat } from '../../tensor/index.js';
import { type Dim, type TensorType, tensorType, type ValueType } from '../value.js';
import type { Lexer } from './lexer.js';
import { printFloat, printHex, readDType, readHex, readNumber } from './literals.js';

/** A word as it is when the lexer reads it as one, otherwise in quotes. */
export function printWord(word: string): string {
  return /^(?!(?:_|inf|nan)(?![\w]))[A-Za-z_][\w./-]*$/.test(word) ? word : JSON.stringify(word);
}

/** `float32[N, 3, ?]`, `float32[*]` (unknown rank), `uint8[1, 3] quantized(scale 0.5, zero 128)`, `opaque hex"..."`. */
export function printType(type: ValueType): string {
  if (type.kind === 'opaque') return `opaque ${printHex(type.encoded)}`;
  const dims = type.shape ? type.shape.map(printDim).join(', ') : '*';
  return `${type.dtype}[${dims}]${type.quantized ? ` ${printQuantized(type.quantized)}` : ''}`;
}

function printDim(dim: Dim): string {
  if (dim === null) return '?';
  return typeof dim === 'number' ? String(dim) : printWord(dim);
}

function printQuantized(type: QuantizedType): string {
  const { granularity } = type;
  const single = granularity.kind === 'per-tensor' && type.scales.length === 1;
  const listed = (values: readonly string[]): string =>
    single ? (values[0] ?? '') : `[${values.join(', ')}]`;
  const scales = listed(Array.from(type.scales, printFloat));
  const parts = [`scale ${scales}`, `zero ${listed(Array.from(type.zeroPoints, String))}`];
  if (granularity.kind !== 'per-tensor') parts.push(`axis ${granularity.axis}`);
  if (granularity.kind === 'per-block') parts.push(`block ${granularity.blockSize}`);
  if (type.symmetric) parts.push('symmetric');
  if (type.expressed !== 'float32') parts.push(`expressed ${type.expressed}`);
  return `quantized(${parts.join(', ')})`;
}

/** Inverse of {@link printType}. */
export function readType(lexer: Lexer): ValueType {
  if (lexer.accept('opaque')) return { kind: 'opaque', encoded: readHex(lexer.expectKind('hex')) };
  return readTensorType(lexer);
}

export function readTensorType(lexer: Lexer): TensorType {
  const dtype = readDType(lexer);
  lexer.expect('[');
  const shape = readDims(lexer);
  if (!lexer.accept('quantized')) return tensorType(dtype, shape);
  if (!isStorageDType(dtype)) lexer.fail(`${dtype} stores no quantized values.`);
  return tensorType(dtype, shape, readQuantized(lexer, dtype));
}

function readDims(lexer: Lexer): Dim[] | undefined {
  if (lexer.accept('*')) {
    lexer.expect(']');
    return undefined;
  }
  return lexer.list(']', () => {
    if (lexer.accept('?')) return null;
    const { kind } = lexer.next;
    const text = lexer.expectKind('number', 'word', 'string');
    return kind === 'number' ? Number(text) : text;
  });
}

interface QuantizedParts {
  scales: readonly number[];
  zeros: readonly number[];
  axis?: number;
  block?: number;
  symmetric: boolean;
  expressed: FloatDType;
}

function readQuantized(lexer: Lexer, storage: QuantizedType['storage']): QuantizedType {
  const parts: QuantizedParts = { scales: [], zeros: [], symmetric: false, expressed: 'float32' };
  lexer.expect('(');
  lexer.list(')', () => readQuantizedPart(lexer, parts));
  return {
    storage,
    expressed: parts.expressed,
    granularity: granularityOf(parts),
    symmetric: parts.symmetric,
    scales: Float32Array.from(parts.scales),
    zeroPoints: Int32Array.from(parts.zeros),
  };
}

function granularityOf({ axis, block }: QuantizedParts): Granularity {
  if (axis === undefined) return { kind: 'per-tensor' };
  return block === undefined ? { kind: 'per-axis', axis } : { kind: 'per-block', axis, blockSize: block };
}

function readQuantizedPart(lexer: Lexer, parts: QuantizedParts): void {
  const word = lexer.expectKind('word');
  const numbers = (): number[] =>
    lexer.accept('[') ? lexer.list(']', () => readNumber(lexer)) : [readNumber(lexer)];
  if (word === 'scale') parts.scales = numbers();
  else if (word === 'zero') parts.zeros = numbers();
  else if (word === 'axis') parts.axis = readNumber(lexer);
  else if (word === 'block') parts.block = readNumber(lexer);
  else if (word === 'symmetric') parts.symmetric = true;
  else if (word === 'expressed') parts.expressed = readExpressed(lexer);
  else lexer.fail(`${word} is no part of a quantized type.`);
}

function readExpressed(lexer: Lexer): FloatDType {
  const dtype = readDType(lexer);
  return isFloat(dtype) ? dtype : lexer.fail(`${dtype} is no float type.`);
}
