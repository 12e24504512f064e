import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Int } from '@octavo/core/ir';
import { FormatError } from '../format-error.js';
import type { ByteSource } from './byte-source.js';
import type { Span } from './message-type.js';

/** Half of what a file reads ahead, so that short tensors behind a window come from the same block. */
const WINDOW_BYTES = 32_768;
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
  /** Reads the window; made when something is more than a short varint or text. */
  private reader: BinaryReader | undefined;
  private spent = 0;

  constructor(source: ByteSource, position = 0, limits: ReadLimits = DEFAULT_LIMITS) {
    this.source = source;
    this.position = position;
    this.limits = limits;
  }

  /**
   * The number of a field times 8, and its wire type.
   * @throws FormatError `ONNX_TRUNCATED` or `ONNX_NOT_A_MODEL`.
   */
  tag(end: number): number {
    const start = this.position;
    const first = this.windowBytes[start - this.windowStart];
    if (first !== undefined && first >= 8 && first < 0x80 && (first & 7) <= WireType.Bit32 && start < end) {
      this.position = start + 1;
      return first;
    }
    const short = this.shortVarint(end);
    if (short >= 8 && (short & 7) <= WireType.Bit32) return short;
    this.position = start;
    return this.scalar(LONGEST_VARINT, end, tagOf);
  }

  /** A varint as a signed 64-bit integer. */
  int(end: number): Int {
    const first = this.windowBytes[this.position - this.windowStart];
    if (first !== undefined && first < 0x80 && this.position < end) {
      this.position++;
      return first;
    }
    const short = this.shortVarint(end);
    if (short >= 0) return short;
    const value = this.scalar(LONGEST_VARINT, end, int64Of);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : BigInt(value);
  }

  float(end: number): number {
    return this.scalar(4, end, floatOf);
  }

  /** Reads the length of a length-delimited field, and leaves the position at its first byte. */
  span(end: number): Span {
    const stop = this.delimited(end);
    return { offset: this.position, length: stop - this.position };
  }

  /** The same, as the position where the field ends. */
  delimited(end: number): number {
    const next = this.position + 1;
    const first = this.windowBytes[next - 1 - this.windowStart];
    if (first !== undefined && first < 0x80 && next + first <= end) {
      this.position = next;
      return next + first;
    }
    const short = this.shortVarint(end);
    const length = short >= 0 ? short : this.scalar(LONGEST_VARINT, end, lengthOf);
    if (length > end - this.position) {
      throw this.error('ONNX_TRUNCATED', `a field of ${length} bytes has ${end - this.position} bytes left.`);
    }
    return this.position + length;
  }

  bytes(end: number): Uint8Array {
    const stop = this.delimited(end);
    this.charge(64 + stop - this.position);
    return this.take(stop).slice();
  }

  string(end: number): string {
    const start = this.position;
    const stop = this.delimited(end);
    this.charge(32 + 2 * (stop - this.position));
    const bytes = this.take(stop);
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

  /** The bytes up to `stop`, which becomes the position. */
  private take(stop: number): Uint8Array {
    const start = this.position;
    const from = start - this.windowStart;
    const until = stop - this.windowStart;
    this.position = stop;
    return from >= 0 && until <= this.windowBytes.length
      ? this.windowBytes.subarray(from, until)
      : this.source.readSync(start, stop - start);
  }

  /** Reads a varint that takes one or two bytes of the window, as most do; otherwise gives -1 and reads nothing. */
  private shortVarint(end: number): number {
    const left = end - this.position;
    if (left <= 0) return -1;
    if (this.position < this.windowStart || this.position >= this.windowStart + this.windowBytes.length)
      this.moveWindow();
    const at = this.position - this.windowStart;
    const first = this.windowBytes[at] ?? 0x80;
    if (first < 0x80) {
      this.position++;
      return first;
    }
    const second = left > 1 ? (this.windowBytes[at + 1] ?? 0x80) : 0x80;
    if (second >= 0x80) return -1;
    this.position += 2;
    return (second << 7) | (first & 0x7f);
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

  /** A reader placed at the position, with at least `needed` bytes in front of it where the source has them. */
  private window(needed: number): BinaryReader {
    const start = this.position - this.windowStart;
    if (start < 0 || start + needed > this.windowBytes.length) this.moveWindow();
    this.reader ??= new BinaryReader(this.windowBytes);
    this.reader.pos = this.position - this.windowStart;
    return this.reader;
  }

  /** Makes the window begin at the position. */
  private moveWindow(): void {
    const length = Math.max(0, Math.min(WINDOW_BYTES, this.source.byteLength - this.position));
    this.windowBytes = this.source.readSync(this.position, length);
    this.windowStart = this.position;
    this.reader = undefined;
  }
}

function tagOf(reader: BinaryReader): number {
  const [number, wireType] = reader.tag();
  return number * 8 + wireType;
}

const int64Of = (reader: BinaryReader) => reader.int64();
const floatOf = (reader: BinaryReader) => reader.float();
const lengthOf = (reader: BinaryReader) => Number(reader.uint64());

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
