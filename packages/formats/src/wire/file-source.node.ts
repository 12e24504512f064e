import { closeSync, fstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { FormatError } from '../format-error.js';
import { type ByteSource, checkRange } from './byte-source.js';

const readAsync = promisify(read);

/** The largest single read that every platform takes. */
const LARGEST_READ = 2 ** 30;

/** Up to this many bytes are sooner read than another thread is woken to read them. */
const BRIEF_READ = 2 ** 22;

/** Reads up to half of this are served from a block of the file. */
const BLOCK_BYTES = 65_536;

/** Closes the files of sources that nobody holds any more. */
const closing = new FinalizationRegistry<number>((descriptor) => closeSync(descriptor));

/** An open file. It stays readable while the source lives, even when its name is given to another file. */
export class FileSource implements ByteSource {
  readonly inMemory = false;
  readonly name: string;
  readonly byteLength: number;
  /** Device and file number: equal for every path to the same file. */
  readonly identity: string;
  private readonly descriptor: number;
  private readonly isWhole: boolean;
  /** The bytes around the last short read, and where they begin. */
  private block = new Uint8Array(0);
  private blockStart = 0;

  /**
   * @param wholeBytes The file is read at once, and stays in memory with the source, if it has no more bytes.
   * @throws FormatError `FILE_UNREADABLE` when the path cannot be opened or is no regular file.
   */
  constructor(path: string, name = path, wholeBytes = 0) {
    this.name = name;
    try {
      this.descriptor = openSync(path, 'r');
    } catch (cause) {
      throw unreadable(name, cause);
    }
    const status = fstatSync(this.descriptor, { bigint: true });
    if (!status.isFile()) {
      closeSync(this.descriptor);
      throw unreadable(name, new Error('it is not a regular file'));
    }
    this.byteLength = Number(status.size);
    this.isWhole = this.byteLength <= wholeBytes;
    this.identity = `${status.dev}:${status.ino}`;
    closing.register(this, this.descriptor);
  }

  readSync(offset: number, length: number): Uint8Array {
    checkRange(this, offset, length);
    if (length > BLOCK_BYTES / 2 && !this.isWhole) return this.readRange(offset, length);
    const start = offset - this.blockStart;
    if (start >= 0 && start + length <= this.block.length) return this.block.subarray(start, start + length);
    const blockStart = this.isWhole ? 0 : offset;
    const blockLength = this.isWhole ? this.byteLength : Math.min(BLOCK_BYTES, this.byteLength - offset);
    this.block = this.readRange(blockStart, blockLength);
    this.blockStart = blockStart;
    return this.block.subarray(offset - this.blockStart, offset - this.blockStart + length);
  }

  private readRange(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const count = readSync(
        this.descriptor,
        bytes,
        done,
        Math.min(length - done, LARGEST_READ),
        offset + done,
      );
      if (count === 0) throw this.shrunk(offset + done);
      done += count;
    }
    return bytes;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    if (this.isWhole) return this.readSync(offset, length);
    if (length <= BRIEF_READ) return this.readRange(offset, length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const wanted = Math.min(length - done, LARGEST_READ);
      const { bytesRead } = await readAsync(this.descriptor, bytes, done, wanted, offset + done);
      if (bytesRead === 0) throw this.shrunk(offset + done);
      done += bytesRead;
    }
    return bytes;
  }

  private shrunk(offset: number): FormatError {
    return new FormatError({
      code: 'ONNX_TRUNCATED',
      where: this.name,
      message: `it ended at byte ${offset} of ${this.byteLength} while it was read.`,
      remedy: 'Do not write to the file while it is open.',
    });
  }
}

function unreadable(name: string, cause: unknown): FormatError {
  return new FormatError({
    code: 'FILE_UNREADABLE',
    where: name,
    message: `it cannot be read (${cause instanceof Error ? cause.message : String(cause)}).`,
    remedy: 'Check the path and its permissions.',
    cause,
  });
}
