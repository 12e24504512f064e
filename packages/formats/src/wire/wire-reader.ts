import type { Int } from '@octavo/core/ir';
import { WireType } from './wire-type.js';

const LARGEST_TAG = 0xffff_ffff;

/**
 * Reads protobuf scalars from bytes in memory, one behind the other.
 * Every method throws a RangeError where the bytes end too early, and an Error where they hold no such scalar.
 */
export class WireReader {
  readonly bytes: Uint8Array;
  position = 0;
  /** The halves of the varint that was read last, as signed integers. */
  low = 0;
  high = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** A field's number times 8 and its wire type. */
  tag(): number {
    const tag = this.unsigned();
    const wireType = tag & 7;
    if (tag >= 8 && tag <= LARGEST_TAG && wireType <= WireType.Bit32) return tag;
    throw new Error(`there is no tag ${tag}`);
  }

  /** A varint as a signed 64-bit integer. */
  int(): Int {
    this.varint();
    const number = this.high * 2 ** 32 + (this.low >>> 0);
    return Number.isSafeInteger(number) ? number : (BigInt(this.high) << 32n) | BigInt(this.low >>> 0);
  }

  /** A varint as an unsigned integer, which is rounded from 2^53 on. */
  unsigned(): number {
    this.varint();
    return (this.high >>> 0) * 2 ** 32 + (this.low >>> 0);
  }

  float(): number {
    const { buffer, byteOffset, byteLength } = this.bytes;
    const value = new DataView(buffer, byteOffset, byteLength).getFloat32(this.position, true);
    this.position += 4;
    return value;
  }

  /** Reads a varint into `low` and `high`: seven bits in each byte, the lowest first, cut to 64 bits. */
  varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.position];
      if (byte === undefined) throw new RangeError('the bytes end within a varint');
      this.position++;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.low = low;
        this.high = high;
        return;
      }
    }
    throw new Error('a varint has more than ten bytes');
  }
}
