import { TensorError } from './error.js';
import type { Shape } from './shape.js';
import { Tensor } from './tensor.js';

/**
 * String tensors hold one byte array: for each element its byte length (uint32, little endian), then its bytes.
 * Elements are raw bytes because ONNX does not promise UTF-8.
 */
export function encodeStrings(elements: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(elements.reduce((sum, element) => sum + 4 + element.length, 0));
  const view = new DataView(out.buffer);
  let offset = 0;
  for (const element of elements) {
    view.setUint32(offset, element.length, true);
    out.set(element, offset + 4);
    offset += 4 + element.length;
  }
  return out;
}

/** Inverse of {@link encodeStrings}. Throws `TENSOR_DATA` when a length passes the end. */
export function decodeStrings(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const end =
      offset + 4 <= bytes.length ? offset + 4 + view.getUint32(offset, true) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) {
      throw new TensorError({
        code: 'TENSOR_DATA',
        message: `string ${elements.length} ends past the tensor's ${bytes.length} bytes.`,
      });
    }
    elements.push(bytes.subarray(offset + 4, end));
    offset = end;
  }
  return elements;
}

/** A string tensor from UTF-16 strings, stored as UTF-8. */
export function stringTensor(values: readonly string[], shape: Shape = [values.length]): Tensor<'string'> {
  const encoder = new TextEncoder();
  return new Tensor('string', shape, encodeStrings(values.map((value) => encoder.encode(value))));
}
