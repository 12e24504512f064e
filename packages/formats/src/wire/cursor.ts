import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Int } from '@octavo/core/ir';
import { FormatError } from '../format-error.js';
import type { ByteSource } from './byte-source.js';
import type { Span } from './message-type.js';

const WINDOW_BYTES = 65_536;
const LONGEST_VARINT = 10;

/** What reading may cost before a file counts as hostile. */
export interface ReadLimits {
  /** Estimated bytes of memory for everything but tensors' elements. */
  readonly structureBytes: number;
  /** Messages inside messages. */
  readonly depth: number;
}

export const DEFAULT_LIMITS: ReadLimits = { structureBytes: 2 ** 30, depth: 128 };

/** Reads protobuf scalars at a position of a source, through a window that moves with it. */
export class Cursor {
  readonly source: ByteSource;
  readonly limits: ReadLimits;
  position: number;
  private windowStart = 0;
  private windowBytes: Uint8Array = new Uint8Array(0);
  private reader = new BinaryReader(this.windowBytes);
  private spent = 0;

  constructor(source: ByteSource, position = 0, limits: ReadLimits = DEFAULT_LIMITS) {
    this.source = source;
    this.position = position;
    this.limits = limits;
  }

  /** @throws FormatError `ONNX_TRUNCATED` or `ONNX_NOT_A_MODEL`. */
  tag(end: number): readonly [number, WireType] {
    const short = this.shortVarint(end);
    if (short >= 8 && (short & 7) <= WireType.Bit32) {
      this.position++;
      return [short >> 3, short & 7];
    }
    return this.scalar(LONGEST_VARINT, end, (reader) => reader.tag());
  }

  /** A varint as a signed 64-bit integer. */
  int(end: number): Int {
    const short = this.shortVarint(end);
    if (short >= 0) {
      this.position++;
      return short;
    }
    const value = this.scalar(LONGEST_VARINT, end, (reader) => reader.int64());
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : BigInt(value);
  }

  float(end: number): number {
    return this.scalar(4, end, (reader) => reader.float());
  }

  /** Reads the length of a length-delimited field, and leaves the position at its first byte. */
  span(end: number): Span {
    const short = this.shortVarint(end);
    if (short >= 0) this.position++;
    const length = short >= 0 ? short : this.scalar(LONGEST_VARINT, end, (reader) => Number(reader.uint64()));
    if (length > end - this.position) {
      throw this.error('ONNX_TRUNCATED', `a field of ${length} bytes has ${end - this.position} bytes left.`);
    }
    return { offset: this.position, length };
  }

  bytes(end: number): Uint8Array {
    const { offset, length } = this.span(end);
    this.charge(64 + length);
    this.position = offset + length;
    return this.source.readSync(offset, length).slice();
  }

  string(end: number): string {
    const start = this.position;
    const { offset, length } = this.span(end);
    this.charge(32 + 2 * length);
    this.position = offset + length;
    const inWindow = offset >= this.windowStart && this.position <= this.windowStart + this.reader.len;
    const bytes = inWindow
      ? this.windowBytes.subarray(offset - this.windowStart, this.position - this.windowStart)
      : this.source.readSync(offset, length);
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw this.error('ONNX_TEXT', 'a text field is not valid UTF-8.', start, cause);
    }
  }

  /** Passes over a field that no table names. */
  skip(wireType: WireType, end: number): void {
    if (wireType === WireType.Varint) this.int(end);
    else if (wireType === WireType.LengthDelimited) {
      const { offset, length } = this.span(end);
      this.position = offset + length;
    } else if (wireType === WireType.Bit32 || wireType === WireType.Bit64) {
      this.advance(wireType === WireType.Bit32 ? 4 : 8, end);
    } else throw this.error('ONNX_NOT_A_MODEL', 'it uses protobuf groups, which no ONNX file has.');
  }

  /** Passes over `length` bytes. */
  advance(length: number, end: number): void {
    if (length > end - this.position) {
      throw this.error('ONNX_TRUNCATED', `${length} bytes are needed, ${end - this.position} are left.`);
    }
    this.position += length;
  }

  /** Accounts for memory; throws FormatError `ONNX_TOO_LARGE` when the structure alone passes the limit. */
  charge(bytes: number): void {
    this.spent += bytes;
    if (this.spent > this.limits.structureBytes) {
      throw this.error(
        'ONNX_TOO_LARGE',
        `its structure (without tensors) takes more than ${this.limits.structureBytes} bytes of memory.`,
      );
    }
  }

  error(code: string, message: string, position = this.position, cause?: unknown): FormatError {
    return new FormatError({
      code,
      where: `${this.source.name}, byte ${position}`,
      message,
      remedy: 'The file is damaged or not an ONNX model: download or export it again.',
      cause,
    });
  }

  /** The varint at the position where it is one byte in the window: most are. -1 otherwise. */
  private shortVarint(end: number): number {
    const at = this.position - this.windowStart;
    if (at < 0 || at >= this.reader.len || this.position >= end) return -1;
    const byte = this.windowBytes[at] ?? 0x80;
    return byte < 0x80 ? byte : -1;
  }

  private scalar<T>(longest: number, end: number, read: (reader: BinaryReader) => T): T {
    const reader = this.window(Math.min(longest, end - this.position));
    let value: T;
    try {
      value = read(reader);
    } catch (cause) {
      const cutOff = cause instanceof RangeError;
      throw cutOff
        ? this.error('ONNX_TRUNCATED', 'it ends in the middle of a field.', this.position, cause)
        : this.error(
            'ONNX_NOT_A_MODEL',
            `it is no protobuf message (${describe(cause)}).`,
            this.position,
            cause,
          );
    }
    const next = this.windowStart + reader.pos;
    if (next > end) throw this.error('ONNX_TRUNCATED', 'a field ends past the message that holds it.');
    this.position = next;
    return value;
  }

  /** A reader placed at the position, with at least `needed` bytes in front of it. */
  private window(needed: number): BinaryReader {
    const start = this.position - this.windowStart;
    if (start >= 0 && start + needed <= this.reader.len) {
      this.reader.pos = start;
      return this.reader;
    }
    const length = Math.max(0, Math.min(WINDOW_BYTES, this.source.byteLength - this.position));
    this.windowBytes = this.source.readSync(this.position, length);
    this.reader = new BinaryReader(this.windowBytes);
    this.windowStart = this.position;
    return this.reader;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
