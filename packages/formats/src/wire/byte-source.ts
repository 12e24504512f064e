import type { Storage } from '@octavo/core/tensor';
import { FormatError } from '../format-error.js';

/** Immutable bytes with random access: a file, or an array in memory. */
export interface ByteSource {
  /** What errors call it: a path, or a word such as `bytes`. */
  readonly name: string;
  readonly byteLength: number;
  /** Whether reading costs nothing because the bytes are in memory. */
  readonly inMemory: boolean;
  /**
   * Bytes that the caller does not write to. They may be a part of something larger, which keeping them keeps.
   * @throws FormatError `ONNX_TRUNCATED` when the range is outside or the source has shrunk.
   */
  readSync(offset: number, length: number): Uint8Array;
  /** The same, without blocking. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A source over bytes in memory. */
export class MemorySource implements ByteSource {
  readonly inMemory = true;
  readonly name: string;
  readonly byteLength: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, name = 'bytes') {
    // Node's Buffer is a Uint8Array whose slice() does not copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.name = name;
    this.byteLength = bytes.byteLength;
  }

  readSync(offset: number, length: number): Uint8Array {
    checkRange(this, offset, length);
    return this.bytes.subarray(offset, offset + length);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.readSync(offset, length);
  }
}

/** A part of a source: read when it is asked for, or at once when it is small or in memory anyway. */
export class SourceStorage implements Storage {
  readonly source: ByteSource;
  readonly offset: number;
  readonly byteLength: number;
  readonly resident: Uint8Array | undefined;

  /** @throws FormatError `ONNX_TRUNCATED` when the range is outside the source. */
  constructor(source: ByteSource, offset: number, byteLength: number) {
    this.source = source;
    this.offset = offset;
    this.byteLength = byteLength;
    if (byteLength <= RESIDENT_BYTES) this.resident = source.readSync(offset, byteLength).slice();
    else if (source.inMemory) this.resident = source.readSync(offset, byteLength);
    else {
      checkRange(source, offset, byteLength);
      this.resident = undefined;
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    return this.resident?.subarray(offset, offset + length) ?? this.source.read(this.offset + offset, length);
  }
}

/** Tensors up to this many bytes are read at once, so that passes can look into them without waiting. */
export const RESIDENT_BYTES = 65_536;

/** @throws FormatError `ONNX_TRUNCATED` unless `offset..offset+length` lies inside. */
export function checkRange(
  holder: { readonly byteLength: number; readonly name?: string },
  offset: number,
  length: number,
): void {
  const valid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (valid && offset + length <= holder.byteLength) return;
  throw new FormatError({
    code: 'ONNX_TRUNCATED',
    where: holder.name,
    message: `bytes ${offset}..${offset + length} are outside its ${holder.byteLength} bytes.`,
    remedy: 'The file is cut off or damaged: download or export it again.',
  });
}
