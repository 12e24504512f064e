import type { Int } from '@octavo/core/ir';
import type { WireType } from './wire-type.js';

const FIRST_BYTES = 1024;
const LONGEST_VARINT = 10;

/** Writes protobuf scalars to bytes in memory, one behind the other. */
export class WireWriter {
  private bytes = new Uint8Array(0);
  private position = 0;

  tag(fieldNumber: number, wireType: WireType): this {
    return this.varint(fieldNumber * 8 + wireType);
  }

  /** Writes a 64-bit integer; a negative one takes ten bytes. @throws RangeError when it takes more than 64 bits. */
  varint(value: Int): this {
    this.reserve(LONGEST_VARINT);
    let left = value;
    if (typeof left === 'bigint' || left < 0 || left > 0x7fff_ffff) left = this.startLong(BigInt(left));
    for (; left > 0x7f; left >>>= 7) this.bytes[this.position++] = (left & 0x7f) | 0x80;
    this.bytes[this.position++] = left;
    return this;
  }

  float(value: number): this {
    this.reserve(4);
    new DataView(this.bytes.buffer).setFloat32(this.position, value, true);
    this.position += 4;
    return this;
  }

  /** Writes a text's length and its bytes in UTF-8. */
  string(text: string): this {
    const encoded = utf8.encode(text);
    return this.varint(encoded.length).raw(encoded);
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.position);
    this.position += bytes.length;
    return this;
  }

  /** What was written since the last call. */
  finish(): Uint8Array {
    const written = this.bytes.slice(0, this.position);
    this.position = 0;
    return written;
  }

  /** Writes the low bytes of a varint until what is left is a small number. */
  private startLong(value: bigint): number {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} takes more than 64 bits`);
    let left = BigInt.asUintN(64, value);
    for (; left > 0x7fff_ffffn; left >>= 7n) this.bytes[this.position++] = Number(left & 0x7fn) | 0x80;
    return Number(left);
  }

  private reserve(count: number): void {
    const needed = this.position + count;
    if (needed <= this.bytes.length) return;
    let length = this.bytes.length || FIRST_BYTES;
    while (length < needed) length *= 2;
    const grown = new Uint8Array(length);
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
  }
}

const utf8 = new TextEncoder();
