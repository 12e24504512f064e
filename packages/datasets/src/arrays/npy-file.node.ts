import { type FileHandle, open } from 'node:fs/promises';
import { type Storage, StoredTensor } from '@octavo/core/tensor';
import { FileSource, RESIDENT_BYTES, SourceStorage } from '@octavo/formats/node';
import { unreadable } from '../read-bytes.node.js';
import { decodeElements, isPlain } from './npy.js';
import { HEADER_BYTES, readNpyHeader } from './npy-header.js';

/**
 * The array of a .npy file. Large elements that lie as tensors do stay in the file until they are read.
 * @param keepOpen Whether the file stays open between reads, which is faster; a folder may hold more files than a
 *   process can have open.
 * @throws DatasetError `DATASET_UNREADABLE`; as `readNpyHeader` and `decodeElements`.
 */
export async function openNpy(path: string, keepOpen: boolean): Promise<StoredTensor> {
  return withFile(path, async (file) => {
    const { size } = await file.stat();
    const header = readNpyHeader(await readUpTo(file, 0, Math.min(HEADER_BYTES, size)), path);
    const { dtype, shape, dataOffset: offset } = header;
    const length = Math.min(header.dataLength, size - offset);
    if (length <= RESIDENT_BYTES || length < header.dataLength || !isPlain(header)) {
      return StoredTensor.of(decodeElements(header, await readUpTo(file, offset, length), path));
    }
    const elements = keepOpen
      ? new SourceStorage(new FileSource(path), offset, length)
      : new FileElements(path, offset, length);
    return new StoredTensor(dtype, shape, elements);
  });
}

/** A part of a file that is open only while it is read. */
class FileElements implements Storage {
  readonly byteLength: number;
  private readonly path: string;
  private readonly offset: number;

  constructor(path: string, offset: number, byteLength: number) {
    this.path = path;
    this.offset = offset;
    this.byteLength = byteLength;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = await withFile(this.path, (file) => readUpTo(file, this.offset + offset, length));
    if (bytes.length === length) return bytes;
    throw unreadable(this.path, new Error('it was cut off while it was read'));
  }
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    if ((await file.stat()).isFile()) return await use(file);
  } finally {
    await file.close();
  }
  throw unreadable(path, new Error('it is not a regular file'));
}

/** The largest single read that every platform takes. */
const LARGEST_READ = 2 ** 30;

/** Reads `length` bytes, or as many as there are. */
async function readUpTo(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, LARGEST_READ), offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
