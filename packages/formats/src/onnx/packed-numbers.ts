import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { FormatError } from '../format-error.js';

/**
 * Turns packed varints into little-endian integers of `width` bytes, cut to that width as ONNX stores them.
 * @param byteLength Exact length of the result.
 * @param fault Makes the error for a wrong number of varints or a broken one.
 */
export function decodePacked(
  encoded: Uint8Array,
  width: number,
  byteLength: number,
  fault: () => FormatError,
): Uint8Array {
  const out = new Uint8Array(byteLength);
  const view = new DataView(out.buffer);
  const reader = new BinaryReader(encoded);
  let offset = 0;
  try {
    for (; offset < byteLength && reader.pos < reader.len; offset += width) {
      if (width === 8) view.setBigInt64(offset, BigInt(reader.int64()), true);
      else if (width === 4) view.setInt32(offset, reader.int32(), true);
      else if (width === 2) view.setInt16(offset, reader.int32(), true);
      else view.setInt8(offset, reader.int32());
    }
  } catch {
    throw fault();
  }
  if (offset !== byteLength || reader.pos !== reader.len) throw fault();
  return out;
}
