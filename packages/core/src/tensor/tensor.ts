import { type ArrayOf, byteLengthOf, DTYPES, type DType, isPacked, type TensorArray } from './dtype.js';
import { TensorError } from './error.js';
import { elementCount, type Shape } from './shape.js';

/** A tensor whose elements are in memory, row-major. Treat `data` as immutable once the tensor is shared. */
export class Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: ArrayOf<D>;

  /**
   * @param data Packed dtypes take `ceil(size * bits / 8)` bytes, `string` the encoding of `encodeStrings`.
   * @throws TensorError `TENSOR_DATA` when the array's type or length does not fit dtype and shape.
   */
  constructor(dtype: D, shape: Shape, data: ArrayOf<D>) {
    const expected = DTYPES[dtype].array;
    if (!(data instanceof expected)) {
      throw new TensorError({
        code: 'TENSOR_DATA',
        message: `a ${dtype} tensor holds a ${expected.name}, found ${describe(data)}.`,
      });
    }
    const count = elementCount(shape);
    const needed = byteLengthOf(dtype, count);
    if (dtype !== 'string' && data.byteLength !== needed) {
      throw new TensorError({
        code: 'TENSOR_DATA',
        message: `a ${dtype} tensor of shape [${shape.join(', ')}] needs ${needed} bytes, found ${data.byteLength}.`,
      });
    }
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  /** Number of elements (not of array slots: packed dtypes hold several in a byte). */
  get size(): number {
    return elementCount(this.shape);
  }

  get byteLength(): number {
    return this.data.byteLength;
  }

  /** The stored bytes, without copying. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.data.buffer, this.data.byteOffset, this.data.byteLength);
  }

  /** The same elements under another shape of equal size. */
  reshape(shape: Shape): Tensor<D> {
    return new Tensor(this.dtype, shape, this.data);
  }

  is<E extends DType>(dtype: E): this is Tensor<E> {
    return (this.dtype as DType) === dtype;
  }
}

/** A zero-filled array for `count` elements of `dtype`. Packed dtypes get bytes. */
export function allocate<D extends DType>(dtype: D, count: number): ArrayOf<D> {
  const length = isPacked(dtype) || DTYPES[dtype].kind === 'opaque' ? byteLengthOf(dtype, count) : count;
  return new DTYPES[dtype].array(length) as ArrayOf<D>;
}

/** A zero-filled tensor. */
export function zeros<D extends DType>(dtype: D, shape: Shape): Tensor<D> {
  return new Tensor(dtype, shape, allocate(dtype, elementCount(shape)));
}

/** A float32 tensor from numbers; each is rounded once. */
export function float32(values: Iterable<number>, shape?: Shape): Tensor<'float32'> {
  const data = Float32Array.from(values);
  return new Tensor('float32', shape ?? [data.length], data);
}

/** An int64 tensor from safe integers; the usual form of ONNX shapes and axes. */
export function int64(values: readonly (number | bigint)[], shape?: Shape): Tensor<'int64'> {
  const data = BigInt64Array.from(values, (value) => BigInt(value));
  return new Tensor('int64', shape ?? [data.length], data);
}

/**
 * Views bytes as the elements of a tensor; copies only when the bytes are not aligned.
 * @throws TensorError `TENSOR_DATA` when the length does not fit.
 */
export function tensorFromBytes<D extends DType>(dtype: D, shape: Shape, bytes: Uint8Array): Tensor<D> {
  const array = DTYPES[dtype].array;
  const element = array.BYTES_PER_ELEMENT;
  if (bytes.byteLength % element !== 0) {
    throw new TensorError({
      code: 'TENSOR_DATA',
      message: `${bytes.byteLength} bytes are no whole number of ${dtype} elements.`,
    });
  }
  const aligned = bytes.byteOffset % element === 0 ? bytes : new Uint8Array(bytes);
  const data = new array(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / element);
  return new Tensor(dtype, shape, data as ArrayOf<D>);
}

function describe(data: unknown): string {
  return typeof data === 'object' && data !== null ? data.constructor.name : typeof data;
}

/** Any typed array that is a valid tensor payload. */
export type { TensorArray };
