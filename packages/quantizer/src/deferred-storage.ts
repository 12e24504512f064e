import {
  byteLengthOf,
  type DType,
  elementCount,
  type Shape,
  type Storage,
  StoredTensor,
  TensorError,
} from '@octavo/core/tensor';

/** Tensors' bytes by name, computed together. */
type Computed = Readonly<Record<string, Uint8Array>>;

/**
 * Keeps the last result computed, so that the tensors of one layer are computed once while a writer reads them one
 * after another, and freed when it moves on to the next layer.
 */
export class LastComputed {
  private last: { readonly compute: () => Promise<Computed>; readonly result: Promise<Computed> } | undefined;

  get(compute: () => Promise<Computed>): Promise<Computed> {
    if (this.last?.compute !== compute) this.last = { compute, result: compute() };
    return this.last.result;
  }
}

/** A tensor whose bytes are the entry `name` of what `compute` gives; nothing is computed before it is read. */
export function deferredTensor<D extends DType>(
  dtype: D,
  shape: Shape,
  cache: LastComputed,
  compute: () => Promise<Computed>,
  name: string,
): StoredTensor<D> {
  const byteLength = byteLengthOf(dtype, elementCount(shape));
  const storage: Storage = {
    byteLength,
    read: async (offset, length) => {
      const bytes = (await cache.get(compute))[name];
      if (bytes?.byteLength !== byteLength || offset < 0 || length < 0 || offset + length > byteLength) {
        throw new TensorError({
          code: 'STORAGE_RANGE',
          message: `bytes ${offset}..${offset + length} are outside a storage of ${byteLength} bytes (computed ${bytes?.byteLength ?? 0}).`,
        });
      }
      return bytes.subarray(offset, offset + length);
    },
  };
  return new StoredTensor(dtype, shape, storage);
}
