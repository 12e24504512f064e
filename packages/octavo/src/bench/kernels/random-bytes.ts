import { Tensor } from '@octavo/core/tensor';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Uniformly random bytes, the same every time. */
export function randomUint8(shape: readonly number[], seed: number): Tensor<'uint8'> {
  return new Tensor('uint8', shape, randomBytes(shape, seed));
}

export function randomInt8(shape: readonly number[], seed: number): Tensor<'int8'> {
  return new Tensor('int8', shape, new Int8Array(randomBytes(shape, seed)));
}

/**
 * Weights from -64 to 63: with wider ones onnxruntime saturates its sums of two products on CPUs without VNNI, and its
 * results could not be compared.
 */
export function randomWeights(shape: readonly number[], seed: number): Tensor<'int8'> {
  const halved = randomInt8(shape, seed).data.map((byte) => byte >> 1);
  return new Tensor('int8', shape, halved);
}

/** The same range in unsigned bytes, around 128. */
export function randomUnsignedWeights(shape: readonly number[], seed: number): Tensor<'uint8'> {
  const halved = randomUint8(shape, seed).data.map((byte) => 64 + (byte >> 1));
  return new Tensor('uint8', shape, halved);
}

/** Numbers from -1 to 1. */
export function randomFloats(shape: readonly number[], seed: number): Tensor<'float32'> {
  const bytes = randomUint8(shape, seed).data;
  // Not Float32Array.from with a function: it makes an array of numbers first, too long for the largest weights.
  const floats = new Float32Array(bytes.length);
  for (let i = 0; i < floats.length; i++) floats[i] = (bytes[i] ?? 0) / 128 - 1;
  return new Tensor('float32', shape, floats);
}

function randomBytes(shape: readonly number[], seed: number): Uint8Array<ArrayBuffer> {
  const length = shape.reduce((product, size) => product * size, 1);
  const words = new Int32Array(Math.ceil(length / 4));
  const generator = xoroshiro128plus(seed);
  for (let i = 0; i < words.length; i++) words[i] = generator.next();
  return new Uint8Array(words.buffer, 0, length);
}
