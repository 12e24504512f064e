import type { Storage } from '@octavo/core/tensor';
import type { ExternalPlace } from './write-tensor.js';

/** Boundary of large tensors in a data file, so that runtimes can map them into memory. */
const PAGE_BYTES = 4096;
const ALIGNED_FROM_BYTES = 65_536;
const SMALL_ALIGNMENT = 64;

/** The layout of one data file: tensors in the order they are met, shared ones once. */
export class ExternalPlan {
  readonly location: string;
  /** Smallest tensor, in bytes, that goes to the data file. */
  readonly threshold: number;
  private readonly offsets = new Map<Storage, number>();
  private end = 0;

  constructor(location: string, threshold: number) {
    this.location = location;
    this.threshold = threshold;
  }

  /** Storages and their offsets, ascending. */
  get entries(): IterableIterator<[Storage, number]> {
    return this.offsets.entries();
  }

  get byteLength(): number {
    return this.end;
  }

  /** Assigns a place; undefined for tensors below the threshold. */
  readonly place = (storage: Storage): ExternalPlace | undefined => {
    if (storage.byteLength < Math.max(1, this.threshold)) return undefined;
    let offset = this.offsets.get(storage);
    if (offset === undefined) {
      const alignment = storage.byteLength >= ALIGNED_FROM_BYTES ? PAGE_BYTES : SMALL_ALIGNMENT;
      offset = Math.ceil(this.end / alignment) * alignment;
      this.offsets.set(storage, offset);
      this.end = offset + storage.byteLength;
    }
    return { location: this.location, offset };
  };
}
