import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { FormatError } from '../format-error.js';
import type { Payload } from './encode-message.js';

const CHUNK_BYTES = 8 * 2 ** 20;

/** A file that is written under a temporary name beside its target and takes the target's name when it is complete. */
export class StagedFile {
  readonly path: string;
  private readonly temporary: string;
  private readonly signal: AbortSignal | undefined;
  private handle: FileHandle | undefined;
  private position = 0;

  private constructor(path: string, temporary: string, handle: FileHandle, signal: AbortSignal | undefined) {
    this.path = path;
    this.temporary = temporary;
    this.handle = handle;
    this.signal = signal;
  }

  /** @throws FormatError `FILE_UNWRITABLE`. */
  static async create(path: string, signal?: AbortSignal): Promise<StagedFile> {
    const existing = await stat(path).catch(() => undefined);
    if (existing && !existing.isFile()) throw unwritable(path, new Error('it is no regular file'));
    const temporary = `${path}.${randomBytes(6).toString('hex')}.partial`;
    try {
      return new StagedFile(path, temporary, await open(temporary, 'wx'), signal);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  /** Writes zeros up to an offset. */
  async padTo(offset: number): Promise<void> {
    if (offset > this.position) await this.append(new Uint8Array(offset - this.position));
  }

  /** Appends bytes, reading them from their storage in chunks. @throws the signal's reason when it is aborted. */
  async append(payload: Payload): Promise<void> {
    const bytes = payload instanceof Uint8Array ? payload : payload.resident;
    for (let done = 0; done < payload.byteLength; ) {
      this.signal?.throwIfAborted();
      const length = Math.min(CHUNK_BYTES, payload.byteLength - done);
      const chunk =
        bytes?.subarray(done, done + length) ?? (await readChunk(payload, done, length, this.path));
      await this.write(chunk);
      done += length;
    }
  }

  /** Closes the file; it still has its temporary name. */
  async close(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    await handle?.close();
  }

  /** Gives the closed file its name. @throws FormatError `FILE_UNWRITABLE`. */
  async commit(): Promise<void> {
    this.signal?.throwIfAborted();
    await rename(this.temporary, this.path).catch((cause: unknown) => {
      throw unwritable(this.path, cause);
    });
  }

  /** Removes what was written under the temporary name. */
  async discard(): Promise<void> {
    await this.close().catch(() => {});
    await rm(this.temporary, { force: true });
  }

  private async write(chunk: Uint8Array): Promise<void> {
    const { handle } = this;
    if (!handle) throw unwritable(this.path, new Error('it is closed already'));
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await handle
        .write(chunk, done, chunk.length - done, this.position)
        .catch((cause: unknown) => {
          throw unwritable(this.path, cause);
        });
      done += bytesWritten;
      this.position += bytesWritten;
    }
  }
}

async function readChunk(
  payload: Payload,
  offset: number,
  length: number,
  path: string,
): Promise<Uint8Array> {
  if (payload instanceof Uint8Array) return payload.subarray(offset, offset + length);
  const chunk = await payload.read(offset, length);
  if (chunk.byteLength === length) return chunk;
  throw new FormatError({
    code: 'ONNX_TRUNCATED',
    where: path,
    message: `a tensor gave ${chunk.byteLength} of ${length} bytes.`,
  });
}

function unwritable(path: string, cause: unknown): FormatError {
  return new FormatError({
    code: 'FILE_UNWRITABLE',
    where: path,
    message: `it cannot be written (${cause instanceof Error ? cause.message : String(cause)}).`,
    remedy: 'Check that the folder exists, may be written to and has room.',
    cause,
  });
}
