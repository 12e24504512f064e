import { byteLengthOf, type DType, elementCount } from '@octavo/core/tensor';
import { DatasetError } from '../dataset-error.js';

/** What the header of a .npy file says (NEP 1, versions 1 to 3 of the format). */
export interface NpyHeader {
  readonly shape: readonly number[];
  /** The dtype of the elements; `string` for fixed-width text. */
  readonly dtype: DType;
  /** Bytes of one element as stored. */
  readonly itemSize: number;
  /** Fixed-width text: `U` (UTF-32) or `S` (bytes). */
  readonly text: 'U' | 'S' | undefined;
  readonly bigEndian: boolean;
  /** Column-major element order. */
  readonly fortranOrder: boolean;
  /** Where the elements start. */
  readonly dataOffset: number;
  /** Length of the elements in bytes. */
  readonly dataLength: number;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Headers are a line of text; numpy itself refuses longer ones. */
const LONGEST_HEADER = 65_536;

/** Bytes from the start of a file that hold any header. */
export const HEADER_BYTES = LONGEST_HEADER + 12;

/** numpy's type characters and sizes, byte order left out. */
const DTYPE_OF: Readonly<Record<string, DType>> = {
  b1: 'bool',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

/**
 * Reads a .npy header from the first bytes of a file.
 * @param where The file, for errors.
 * @throws DatasetError `DATASET_NPY` for bytes that are no .npy file, `DATASET_DTYPE` for element types not read here.
 */
export function readNpyHeader(bytes: Uint8Array, where: string): NpyHeader {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) throw notNpy(where, 'the magic bytes');
  const major = bytes[6] ?? 0;
  if (major < 1 || major > 3) throw notNpy(where, `format version ${major}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : bytes.length < 12 ? 0 : view.getUint32(8, true);
  if (length > LONGEST_HEADER || start + length > bytes.length) throw notNpy(where, 'a complete header');
  const text = new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(
    bytes.subarray(start, start + length),
  );
  const { order, kind, size } = readDescr(text, where);
  const shape = readShape(text, where);
  const fixedText = kind === 'U' || kind === 'S' ? kind : undefined;
  const dtype = fixedText ? 'string' : DTYPE_OF[`${kind}${size}`];
  if (!dtype) throw unsupported(where, `${order}${kind}${size}`);
  const itemSize = fixedText ? size * (kind === 'U' ? 4 : 1) : byteLengthOf(dtype, 1);
  const dataLength = elementCount(shape) * itemSize;
  if (!Number.isSafeInteger(dataLength)) throw notNpy(where, 'a possible size');
  return {
    shape,
    dtype,
    itemSize,
    text: fixedText,
    bigEndian: order === '>',
    fortranOrder: /'fortran_order'\s*:\s*True/.test(text),
    dataOffset: start + length,
    dataLength,
  };
}

function readDescr(text: string, where: string): { order: string; kind: string; size: number } {
  const simple = /'descr'\s*:\s*'([<>|=])([a-zA-Z])(\d{1,6})'/.exec(text);
  if (simple) return { order: simple[1] ?? '', kind: simple[2] ?? '', size: Number(simple[3]) };
  const other = /'descr'\s*:\s*('[^']*'|\[)/.exec(text)?.[1];
  throw other ? unsupported(where, other === '[' ? 'a structured type' : other) : notNpy(where, 'a descr');
}

function readShape(text: string, where: string): number[] {
  const list = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (list === undefined) throw notNpy(where, 'a shape');
  const shape = list
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .map(Number);
  const size = shape.reduce((a, b) => a * b, 1);
  if (shape.length > 32 || ![...shape, size].every(Number.isSafeInteger))
    throw notNpy(where, 'a possible shape');
  return shape;
}

function notNpy(where: string, missing: string): DatasetError {
  return new DatasetError({
    code: 'DATASET_NPY',
    where,
    message: `expected ${missing} of a .npy file.`,
    remedy: 'Write the array again with numpy.save or numpy.savez.',
  });
}

function unsupported(where: string, descr: string): DatasetError {
  return new DatasetError({
    code: 'DATASET_DTYPE',
    where,
    message: `its elements are ${descr}; supported are bool, integers, float16/32/64 and fixed-width strings.`,
    remedy: 'Convert it with array.astype before saving.',
  });
}
