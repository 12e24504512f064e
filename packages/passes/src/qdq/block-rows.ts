import {
  DTYPES,
  type DType,
  pack,
  StoredTensor,
  type Tensor,
  toNumbers,
  transposeMatrix,
} from '@octavo/core/tensor';

/** A matrix of weights in blocks along its inner axis, or one number a block of it. */
export interface BlockMatrix {
  readonly constant: StoredTensor;
  /** Whether rows are output channels: `[N, K]`, else `[K, N]`. */
  readonly rowsAreOutputs: boolean;
}

/** Bits of unsigned integers, as MatMulNBits packs them. */
export type BlockBits = 2 | 4 | 8;

/** The width of integers that MatMulNBits can hold; undefined for others. */
export function blockBits(dtype: DType): BlockBits | undefined {
  const { bits, kind } = DTYPES[dtype];
  return kind === 'int' && (bits === 2 || bits === 4 || bits === 8) ? bits : undefined;
}

/** What is added to integers of a type to make them unsigned. */
function offsetOf(dtype: DType): number {
  return dtype.startsWith('u') ? 0 : 2 ** (DTYPES[dtype].bits - 1);
}

/**
 * Integers made unsigned, row by row of output channels, low bits first; each row is filled up to `width` integers.
 * They are read and packed when they are asked for.
 */
export function packedRows({ constant, rowsAreOutputs }: BlockMatrix, width: number): StoredTensor<'uint8'> {
  const { dtype } = constant;
  const bits = blockBits(dtype) ?? 8;
  const [rows = 0, columns = 0] = rowsAreOutputs ? constant.shape : constant.shape.toReversed();
  const offset = offsetOf(dtype);
  return lazily([rows * Math.ceil((width * bits) / 8)], async () => {
    const isPackedAlike = rowsAreOutputs && columns === width && (width * bits) % 8 === 0;
    if (isPackedAlike) return unsignedBytes(await constant.load(), bits, offset);
    const values = outputsFirst(await constant.load(), rowsAreOutputs);
    const slots = Math.ceil((width * bits) / 8) * (8 / bits);
    const filled = new Uint8Array(rows * slots);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < columns; i++) filled[row * slots + i] = (values[row * columns + i] ?? 0) + offset;
    }
    return bits === 8 ? filled : pack(bits === 4 ? 'uint4' : 'uint2', filled);
  });
}

/** Adds the offset to each integer of packed bytes: it is the highest bit of one, so that nothing carries. */
function unsignedBytes({ bytes }: Tensor, bits: BlockBits, offset: number): Uint8Array {
  if (offset === 0) return bytes;
  const mask = bits === 8 ? offset : bits === 4 ? offset * 0x11 : offset * 0x55;
  return bytes.map((byte) => byte ^ mask);
}

/** Zero points like those of `like`, all 0, as {@link packedRows} gives them; they matter to unsigned weights only. */
export function zeroRows(rows: number, width: number, bits: BlockBits): StoredTensor<'uint8'> {
  const length = rows * Math.ceil((width * bits) / 8);
  return lazily([length], () => Promise.resolve(new Uint8Array(length)));
}

/** The scales of blocks, one row of them for each output channel. */
export function scaleRows({ constant, rowsAreOutputs }: BlockMatrix): StoredTensor<'float32'> {
  const byteLength = constant.size * Float32Array.BYTES_PER_ELEMENT;
  const read = async (offset: number, length: number) => {
    const numbers = Float32Array.from(outputsFirst(await constant.load(), rowsAreOutputs));
    return new Uint8Array(numbers.buffer, offset, length);
  };
  return new StoredTensor('float32', [constant.size], { byteLength, read });
}

function outputsFirst(tensor: Tensor, rowsAreOutputs: boolean): ArrayLike<number> {
  const numbers = toNumbers(tensor);
  if (rowsAreOutputs) return numbers;
  const [rows = 0, columns = 0] = tensor.shape;
  return transposeMatrix(numbers, rows, columns);
}

/** Bytes that are made once, when they are first read. */
function lazily(shape: readonly [number], make: () => Promise<Uint8Array>): StoredTensor<'uint8'> {
  let made: Promise<Uint8Array> | undefined;
  const read = async (offset: number, length: number) => {
    made ??= make();
    return (await made).subarray(offset, offset + length);
  };
  return new StoredTensor('uint8', shape, { byteLength: shape[0], read });
}
