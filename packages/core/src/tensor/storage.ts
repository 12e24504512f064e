import { byteLengthOf, type DType } from './dtype.js';
import { TensorError } from './error.js';
import { toNumbers } from './numbers.js';
import { elementCount, type Shape } from './shape.js';
import { type Tensor, tensorFromBytes } from './tensor.js';

/** Immutable bytes that may live in memory, in a file or behind any other reader. */
export interface Storage {
  /** Total length in bytes. */
  readonly byteLength: number;
  /** The bytes themselves when they are in memory already. */
  readonly resident?: Uint8Array | undefined;
  /** Reads `length` bytes at `offset`; the caller may not write to the result. Rejects when the range is outside. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Storage over bytes in memory. */
export class MemoryStorage implements Storage {
  readonly resident: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.resident = bytes;
  }

  get byteLength(): number {
    return this.resident.byteLength;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset < 0 || length < 0 || offset + length > this.resident.byteLength) {
      throw new TensorError({
        code: 'STORAGE_RANGE',
        message: `bytes ${offset}..${offset + length} are outside a storage of ${this.resident.byteLength} bytes.`,
      });
    }
    return this.resident.subarray(offset, offset + length);
  }
}

/** A tensor whose elements are read when they are asked for: what a graph's initializers hold. */
export class StoredTensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  /** Number of elements. */
  readonly size: number;
  readonly storage: Storage;
  private numbers: readonly number[] | undefined = undefined;
  private derived: Map<unknown, unknown> | undefined = undefined;

  /** @throws TensorError `TENSOR_DATA` when the storage's length does not fit dtype and shape. */
  constructor(dtype: D, shape: Shape, storage: Storage) {
    const size = elementCount(shape);
    const needed = byteLengthOf(dtype, size);
    if (dtype !== 'string' && storage.byteLength !== needed) {
      throw new TensorError({
        code: 'TENSOR_DATA',
        message: `a ${dtype} tensor of shape [${shape.join(', ')}] needs ${needed} bytes, found ${storage.byteLength}.`,
      });
    }
    this.dtype = dtype;
    this.shape = shape;
    this.size = size;
    this.storage = storage;
  }

  static of<E extends DType>(tensor: Tensor<E>): StoredTensor<E> {
    return new StoredTensor(tensor.dtype, tensor.shape, new MemoryStorage(tensor.bytes));
  }

  get byteLength(): number {
    return this.storage.byteLength;
  }

  /** The tensor when its bytes are in memory, without waiting; undefined otherwise. */
  peek(): Tensor<D> | undefined {
    const bytes = this.storage.resident;
    return bytes ? tensorFromBytes(this.dtype, this.shape, bytes) : undefined;
  }

  /** The elements as numbers when they are in memory, kept for the next call: for short lists. */
  peekNumbers(): readonly number[] | undefined {
    const tensor = this.numbers ? undefined : this.peek();
    if (tensor) this.numbers = Array.from(toNumbers(tensor));
    return this.numbers;
  }

  /** What a function makes of this tensor: made once, and kept as long as the tensor is. */
  derive<T>(make: (tensor: this) => T): T {
    this.derived ??= new Map();
    const known = this.derived.get(make) ?? make(this);
    this.derived.set(make, known);
    return known as T;
  }

  /** Reads the whole tensor into memory. */
  async load(): Promise<Tensor<D>> {
    return (
      this.peek() ??
      tensorFromBytes(this.dtype, this.shape, await this.storage.read(0, this.storage.byteLength))
    );
  }
}
