import { closeSync, openSync, renameSync, rmSync, statSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { FormatError } from '../format-error.js';
import type { Payload } from './encode-message.js';

const writeAsync = promisify(write);

const CHUNK_BYTES = 8 * 2 ** 20;

/** Up to this many bytes in a row are sooner written than another thread is woken to write them. */
const BRIEF_WRITES = 2 ** 22;

/** A file that is written under a temporary name beside its target and takes the target's name when it is complete. */
export class StagedFile {
  readonly path: string;
  private readonly temporary: string;
  private readonly signal: AbortSignal | undefined;
  private descriptor: number | undefined;
  private position = 0;
  /** Where this thread last waited for another to write, and so let the event loop turn. */
  private turned = 0;

  private constructor(path: string, temporary: string, signal: AbortSignal | undefined) {
    this.path = path;
    this.temporary = temporary;
    this.descriptor = openSync(temporary, 'wx');
    this.signal = signal;
  }

  /** @throws FormatError `FILE_UNWRITABLE`. */
  static create(path: string, signal?: AbortSignal): StagedFile {
    // A name that is taken is refused when the file is opened; Web Crypto takes milliseconds to load.
    const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.partial`;
    try {
      if (statSync(path, { throwIfNoEntry: false })?.isFile() === false)
        throw new Error('it is no regular file');
      return new StagedFile(path, temporary, signal);
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
  close(): void {
    const { descriptor } = this;
    this.descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }

  /** Gives the closed file its name. @throws FormatError `FILE_UNWRITABLE`. */
  commit(): void {
    this.signal?.throwIfAborted();
    try {
      renameSync(this.temporary, this.path);
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }

  /** Removes what was written under the temporary name. */
  discard(): void {
    try {
      this.close();
    } catch {
      // What cannot be closed is removed all the same.
    }
    rmSync(this.temporary, { force: true });
  }

  private async write(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length; ) {
      try {
        const written = await this.writeSome(chunk, done);
        done += written;
        this.position += written;
      } catch (cause) {
        throw unwritable(this.path, cause);
      }
    }
  }

  private async writeSome(chunk: Uint8Array, from: number): Promise<number> {
    const { descriptor, position } = this;
    if (descriptor === undefined) throw new Error('it is closed already');
    const length = chunk.length - from;
    if (position + length - this.turned <= BRIEF_WRITES)
      return writeSync(descriptor, chunk, from, length, position);
    const { bytesWritten } = await writeAsync(descriptor, chunk, from, length, position);
    this.turned = position + bytesWritten;
    return bytesWritten;
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
