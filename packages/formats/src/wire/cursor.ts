import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Int } from '@octavo/core/ir';
import { FormatError } from '../format-error.js';
import type { ByteSource } from './byte-source.js';
import type { Span } from './message-type.js';
import { DEFAULT_LIMITS, type ReadLimits } from './read-limits.js';
import { LONG, LONGEST_VARINT, smallNegative, startOfVarint } from './varint.js';

/** Half of what a file reads ahead, so that short tensors behind a window come from the same block. */
const WINDOW_BYTES = 32_768;
const FLOAT_BYTES = 4;

/** Varints below this take one byte or two. */
const LONGEST_SHORT = LONG * LONG;

/** Reads protobuf fields at a position of a source, through a window that moves with it. */
export class Cursor {
  readonly source: ByteSource;
  readonly limits: ReadLimits;
  position: number;
  /** What `next` read: the number of a varint field. */
  value: Int = 0;
  /** What `next` read: where the contents of a length-delimited field end; they begin at the position. */
  stop = 0;
  /** What is left of the limit of memory; below 0 it is {@link exhausted}. */
  left: number;
  private windowStart = 0;
  private windowBytes: Uint8Array = new Uint8Array(0);
  /** From later positions the window may not hold the longest tag and number; those of a whole source it does. */
  private windowUntil = -1;
  /** Reads floats of the window. */
  private windowView: DataView | undefined;
  /** Reads what is rare in the window: long varints, what lies across its end, and what is broken. */
  private reader: BinaryReader | undefined;

  constructor(source: ByteSource, position = 0, limits: ReadLimits = DEFAULT_LIMITS) {
    this.source = source;
    this.position = position;
    this.limits = limits;
    this.left = limits.structureBytes;
  }

  /**
   * Reads what every field begins with: the number of the field times 8 and its wire type, which it gives, then the
   * `value` of a varint or the length of what is delimited, as its `stop`. Does so in one step where each takes one or
   * two bytes, as most do.
   * @throws FormatError `ONNX_TRUNCATED` or `ONNX_NOT_A_MODEL`.
   */
  next(end: number): number {
    const start = this.position;
    if (start > this.windowUntil) this.moveWindow();
    const bytes = this.windowBytes;
    const { windowStart } = this;
    let at = start - windowStart;
    let tag = bytes[at++] ?? LONG;
    if (tag >= LONG) tag = (tag - LONG) | ((bytes[at++] ?? LONG) << 7);
    let value = bytes[at++] ?? LONG;
    if (value >= LONG) value = (value - LONG) | ((bytes[at++] ?? LONG) << 7);
    const after = windowStart + at;
    if (value < LONGEST_SHORT && tag < LONGEST_SHORT && tag >= 8) {
      const wireType: WireType = tag & 7;
      if (wireType === WireType.LengthDelimited && after + value <= end) {
        this.position = after;
        this.stop = after + value;
        return tag;
      }
      if (wireType === WireType.Varint && after <= end) {
        this.position = after;
        this.value = value;
        return tag;
      }
    }
    return this.nextOfAnyLength(end);
  }

  /** A varint as a signed 64-bit integer. */
  int(end: number): Int {
    const short = this.shortVarint(end);
    if (short >= 0) return short;
    const left = end - this.position;
    const negative =
      left < LONGEST_VARINT ? 0 : smallNegative(this.windowBytes, this.position - this.windowStart);
    if (negative < 0) {
      this.position += LONGEST_VARINT;
      return negative;
    }
    const value = this.scalar(LONGEST_VARINT, end, int64Of);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : BigInt(value);
  }

  float(end: number): number {
    const at = this.position - this.windowStart;
    if (this.position + FLOAT_BYTES > end || at < 0 || at + FLOAT_BYTES > this.windowBytes.length)
      return this.scalar(FLOAT_BYTES, end, floatOf);
    const { buffer, byteOffset } = this.windowBytes;
    this.windowView ??= new DataView(buffer, byteOffset, this.windowBytes.length);
    this.position += FLOAT_BYTES;
    return this.windowView.getFloat32(at, true);
  }

  /** The bytes up to `stop`. */
  bytes(stop: number): Uint8Array {
    const { offset, length } = this.spanToRead(stop);
    return this.source.readSync(offset, length).slice();
  }

  /** The bytes up to `stop` as a text. */
  text(stop: number): string {
    const start = this.position;
    this.charge(32 + 2 * (stop - start));
    this.position = stop;
    const { windowBytes, windowStart } = this;
    const bytes =
      stop - windowStart <= windowBytes.length
        ? windowBytes.subarray(start - windowStart, stop - windowStart)
        : this.source.readSync(start, stop - start);
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw this.error('ONNX_TEXT', 'a text field is not valid UTF-8.', this.numberBefore(start), cause);
    }
  }

  /** The place of the bytes up to `stop`, which are passed over. */
  span(stop: number): Span {
    const span = { offset: this.position, length: stop - this.position };
    this.position = stop;
    return span;
  }

  /** The same of bytes that will be read: they count as memory. */
  spanToRead(stop: number): Span {
    this.charge(64 + stop - this.position);
    return this.span(stop);
  }

  /** Passes over the rest of a field that `next` has begun. */
  skip(wireType: WireType, end: number): void {
    if (wireType === WireType.LengthDelimited) this.position = this.stop;
    else if (wireType === WireType.Bit32 || wireType === WireType.Bit64) {
      const length = wireType === WireType.Bit32 ? 4 : 8;
      if (length > end - this.position) {
        throw this.error('ONNX_TRUNCATED', `${length} bytes are needed, ${end - this.position} are left.`);
      }
      this.position += length;
    } else if (wireType !== WireType.Varint)
      throw this.error('ONNX_NOT_A_MODEL', 'it uses protobuf groups, which no ONNX file has.');
  }

  /** Where the field that `next` has just begun goes on behind its tag. */
  behindTag(wireType: WireType): number {
    const isRead = wireType === WireType.Varint || wireType === WireType.LengthDelimited;
    return isRead ? this.numberBefore(this.position) : this.position;
  }

  /** Accounts for memory. @throws FormatError `ONNX_TOO_LARGE` when the structure alone passes the limit. */
  charge(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) throw this.exhausted();
  }

  /** The error for a structure that takes more memory than the limit. */
  exhausted(position = this.position): FormatError {
    const message = `its structure (without tensors) takes more than ${this.limits.structureBytes} bytes of memory.`;
    return this.error('ONNX_TOO_LARGE', message, position);
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

  private nextOfAnyLength(end: number): number {
    const start = this.position;
    let tag = this.shortVarint(end);
    if (tag < 8 || (tag & 7) > WireType.Bit32) {
      this.position = start;
      tag = this.scalar(LONGEST_VARINT, end, tagOf);
    }
    const wireType: WireType = tag & 7;
    if (wireType === WireType.Varint) this.value = this.int(end);
    else if (wireType === WireType.LengthDelimited) {
      const short = this.shortVarint(end);
      const length = short >= 0 ? short : this.scalar(LONGEST_VARINT, end, lengthOf);
      const left = end - this.position;
      if (length > left)
        throw this.error('ONNX_TRUNCATED', `a field of ${length} bytes has ${left} bytes left.`);
      this.stop = this.position + length;
    }
    return tag;
  }

  /** A varint of up to four bytes; otherwise, or where the window ends, gives -1 and reads nothing. */
  private shortVarint(end: number): number {
    let at = this.position - this.windowStart;
    const until = Math.min(at + 4, end - this.windowStart);
    let value = 0;
    for (let shift = 0; at < until; shift += 7) {
      const byte = this.windowBytes[at++] ?? LONG;
      value |= (byte & 0x7f) << shift;
      if (byte < LONG) {
        this.position = this.windowStart + at;
        return value;
      }
    }
    return -1;
  }

  /** Where the tag or number begins that ends before a position of the window. */
  private numberBefore(position: number): number {
    return this.windowStart + startOfVarint(this.windowBytes, position - this.windowStart);
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
    const rest = Math.max(0, this.source.byteLength - this.position);
    const length = Math.min(WINDOW_BYTES, rest);
    this.windowBytes = this.source.readSync(this.position, length);
    this.windowStart = this.position;
    this.windowUntil =
      length === rest ? Number.POSITIVE_INFINITY : this.position + length - 2 * LONGEST_VARINT;
    this.windowView = undefined;
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
