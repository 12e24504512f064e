import type { FormatError } from '../format-error.js';
import { WireReader } from '../wire/wire-reader.js';

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
  const reader = new WireReader(encoded);
  let offset = 0;
  try {
    for (; offset < byteLength && reader.position < encoded.length; offset += width) {
      reader.varint();
      if (width === 1) view.setInt8(offset, reader.low);
      else if (width === 2) view.setInt16(offset, reader.low, true);
      else view.setInt32(offset, reader.low, true);
      if (width === 8) view.setInt32(offset + 4, reader.high, true);
    }
  } catch {
    throw fault();
  }
  if (offset !== byteLength || reader.position !== encoded.length) throw fault();
  return out;
}
