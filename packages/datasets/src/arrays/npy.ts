import {
  allocate,
  DTYPES,
  type DType,
  elementCount,
  fromNumbers,
  isPacked,
  stridesOf,
  stringTensor,
  type Tensor,
  tensorFromBytes,
  toNumbers,
} from '@octavo/core/tensor';
import { DatasetError } from '../dataset-error.js';
import { type NpyHeader, readNpyHeader } from './npy-header.js';

/**
 * Reads a whole .npy file.
 * @throws DatasetError as `readNpyHeader`, `DATASET_NPY` when the bytes end early.
 */
export function decodeNpy(bytes: Uint8Array, where = 'bytes'): Tensor {
  const header = readNpyHeader(bytes, where);
  const data = bytes.subarray(header.dataOffset, header.dataOffset + header.dataLength);
  return decodeElements(header, data, where);
}

/** The tensor of a header and its element bytes. Throws `DATASET_NPY` when there are too few bytes. */
export function decodeElements(header: NpyHeader, data: Uint8Array, where: string): Tensor {
  if (data.byteLength !== header.dataLength) {
    throw new DatasetError({
      code: 'DATASET_NPY',
      where,
      message: `its elements take ${header.dataLength} bytes, found ${data.byteLength}: the file is cut off.`,
      remedy: 'Write or download the file again.',
    });
  }
  if (header.text) return rowMajorStrings(header, data);
  const ordered = header.bigEndian ? swapBytes(data, header.itemSize) : data;
  const bytes = isRowMajor(header) ? ordered : toRowMajor(ordered, header);
  return tensorFromBytes(header.dtype, header.shape, bytes);
}

/** Whether the stored bytes are the tensor's bytes. */
export function isPlain(header: NpyHeader): boolean {
  return !header.text && !header.bigEndian && isRowMajor(header);
}

function isRowMajor({ fortranOrder, shape }: NpyHeader): boolean {
  return !fortranOrder || shape.length < 2;
}

function swapBytes(data: Uint8Array, itemSize: number): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += itemSize) {
    for (let byte = 0; byte < itemSize; byte++) out[i + byte] = data[i + itemSize - 1 - byte] ?? 0;
  }
  return out;
}

/** Copies items from column-major to row-major order. */
function toRowMajor(data: Uint8Array, { shape, itemSize }: NpyHeader): Uint8Array {
  const out = new Uint8Array(data.length);
  const strides = stridesOf([...shape].reverse()).reverse();
  const index = new Array<number>(shape.length).fill(0);
  for (let to = 0; to < out.length; to += itemSize) {
    const from = index.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), 0) * itemSize;
    out.set(data.subarray(from, from + itemSize), to);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
    }
  }
  return out;
}

function rowMajorStrings(header: NpyHeader, data: Uint8Array): Tensor {
  const bytes = isRowMajor(header) ? data : toRowMajor(data, header);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Array.from({ length: elementCount(header.shape) }, (_, item) => {
    let text = '';
    const start = item * header.itemSize;
    for (let at = start; at < start + header.itemSize; at += header.text === 'U' ? 4 : 1) {
      const point = header.text === 'U' ? view.getUint32(at, !header.bigEndian) : view.getUint8(at);
      text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
    }
    return text.replace(/\0+$/, '');
  });
  return stringTensor(values, header.shape);
}

const DESCR_OF: Readonly<Partial<Record<DType, string>>> = {
  bool: '|b1',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
};

/**
 * The bytes of a .npy file, version 1. bfloat16 is written as float32 and packed integers as one byte each, since numpy
 * has no such types.
 * @throws DatasetError `DATASET_DTYPE` for strings and dtypes without numbers.
 */
export function encodeNpy(tensor: Tensor): Uint8Array {
  const plain = numpyTensor(tensor);
  const shape = plain.shape.length === 1 ? `${plain.shape[0]},` : plain.shape.join(', ');
  const header = `{'descr': '${DESCR_OF[plain.dtype]}', 'fortran_order': False, 'shape': (${shape}), }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const out = allocate('uint8', 10 + padded.length + plain.byteLength);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  out.set(new TextEncoder().encode(padded), 10);
  out.set(plain.bytes, 10 + padded.length);
  return out;
}

function numpyTensor(tensor: Tensor): Tensor {
  if (DESCR_OF[tensor.dtype]) return tensor;
  const kind = DTYPES[tensor.dtype].kind;
  if (kind === 'float') return fromNumbers('float32', tensor.shape, toNumbers(tensor));
  if (kind === 'int' && isPacked(tensor.dtype)) {
    return fromNumbers(tensor.dtype.startsWith('u') ? 'uint8' : 'int8', tensor.shape, toNumbers(tensor));
  }
  throw new DatasetError({ code: 'DATASET_DTYPE', message: `${tensor.dtype} has no .npy form.` });
}
