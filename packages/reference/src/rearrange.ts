import {
  DTYPES,
  type DType,
  decodeStrings,
  elementCount,
  encodeStrings,
  isPacked,
  pack,
  type Shape,
  Tensor,
  tensorFromBytes,
  unpack,
} from '@octavo/core/tensor';
import { OUTSIDE, type Runs } from './indices.js';

/** The bits of a tensor's elements, one slot each, whatever the dtype; strings and complex128 have bytes. */
export type Elements = Uint8Array | Uint16Array | Uint32Array | BigUint64Array | Uint8Array[];

/** A tensor's elements for moving: shares memory where it can, so the result is not to be written to. */
export function elementsOf(tensor: Tensor): Elements {
  if (tensor.is('string')) return decodeStrings(tensor.data);
  const { dtype, bytes } = tensor;
  const bits = DTYPES[dtype].bits;
  if (isPacked(dtype)) return Uint8Array.from(unpack(bits === 4 ? 'uint4' : 'uint2', bytes, tensor.size));
  if (bits === 128) {
    return Array.from({ length: tensor.size }, (_, i) => bytes.subarray(i * 16, i * 16 + 16));
  }
  return wordsOf(bits, bytes, tensor.size);
}

/** Zeroed slots for `count` elements. */
export function emptyElements(dtype: DType, count: number): Elements {
  const bits = DTYPES[dtype].bits;
  if (dtype === 'string') return Array.from({ length: count }, () => new Uint8Array(0));
  if (bits === 128) return Array.from({ length: count }, () => new Uint8Array(16));
  return wordsOf(bits, new Uint8Array(Math.max(1, bits / 8) * count), count);
}

/** Inverse of {@link elementsOf}. */
export function tensorOfElements(dtype: DType, shape: Shape, elements: Elements): Tensor {
  if (Array.isArray(elements)) {
    if (dtype === 'string') return new Tensor(dtype, shape, encodeStrings(elements));
    const bytes = new Uint8Array(elements.length * 16);
    elements.forEach((element, i) => {
      bytes.set(element, i * 16);
    });
    return tensorFromBytes(dtype, shape, bytes);
  }
  if (isPacked(dtype) && elements instanceof Uint8Array) {
    return tensorFromBytes(dtype, shape, pack(DTYPES[dtype].bits === 4 ? 'uint4' : 'uint2', elements));
  }
  return tensorFromBytes(
    dtype,
    shape,
    new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength),
  );
}

/**
 * A tensor of `shape` whose i-th element is element `indices[i]` of `tensor`; at OUTSIDE it is the only element of
 * `fill` (default zero, or the empty string).
 */
export function gatherElements(
  tensor: Tensor,
  shape: Shape,
  indices: ArrayLike<number>,
  fill?: Tensor,
): Tensor {
  const target = emptyElements(tensor.dtype, elementCount(shape));
  const filling: ArrayLike<unknown> = fill ? elementsOf(fill) : emptyElements(tensor.dtype, 1);
  move(elementsOf(tensor), target, indices, filling[0]);
  return tensorOfElements(tensor.dtype, shape, target);
}

/** The same with a run of elements for each index. */
export function gatherRuns(tensor: Tensor, shape: Shape, { starts, length }: Runs, fill?: Tensor): Tensor {
  if (length <= 1) return gatherElements(tensor, shape, starts, fill);
  const target = emptyElements(tensor.dtype, elementCount(shape));
  const from = elementsOf(tensor);
  const filling = fill && elementsOf(fill)[0];
  starts.forEach((start, i) => {
    if (start !== OUTSIDE) copyRun(from, start, length, target, i * length);
    else if (filling !== undefined) fillRun(target, i * length, length, filling);
  });
  return tensorOfElements(tensor.dtype, shape, target);
}

/** A tensor of `shape` that repeats the only element of `tensor`. */
export function filled(tensor: Tensor, shape: Shape): Tensor {
  const target = emptyElements(tensor.dtype, elementCount(shape));
  fillRun(target, 0, target.length, elementsOf(tensor)[0]);
  return tensorOfElements(tensor.dtype, shape, target);
}

/** The elements repeated `repeats[axis]` times along each axis. */
export function tiled(tensor: Tensor, repeats: readonly number[]): Tensor {
  const result = tensor.shape.map((size, axis) => size * (repeats[axis] ?? 1));
  if (elementCount(result) === 0)
    return tensorOfElements(tensor.dtype, result, emptyElements(tensor.dtype, 0));
  let { shape } = tensor;
  let elements = elementsOf(tensor);
  // From the last axis on, so that what is repeated lies in one run.
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const times = repeats[axis] ?? 1;
    if (times === 1) continue;
    const run = elementCount(shape.slice(axis));
    const runs = elementCount(shape.slice(0, axis));
    shape = shape.with(axis, (shape[axis] ?? 0) * times);
    const target = emptyElements(tensor.dtype, elementCount(shape));
    for (let at = 0; at < runs * times; at++)
      copyRun(elements, Math.floor(at / times) * run, run, target, at * run);
    elements = target;
  }
  return tensorOfElements(tensor.dtype, shape, elements);
}

/** Runs that are copied sooner than a view of them is made. */
const SHORT_RUN = 16;

/** `to[at + i] = from[start + i]` for `count` elements of one dtype. */
export function copyRun(from: Elements, start: number, count: number, to: Elements, at: number): void {
  if (Array.isArray(to) || count < SHORT_RUN) {
    const slots: { [index: number]: unknown } = to;
    for (let i = 0; i < count; i++) slots[at + i] = from[start + i];
  } else {
    // Elements of one dtype are in slots of one kind.
    (to as Uint8Array).set((from as Uint8Array).subarray(start, start + count), at);
  }
}

function fillRun(to: Elements, at: number, count: number, value: unknown): void {
  // Elements of one dtype are in slots of one kind.
  (to as Uint8Array).fill(value as number, at, at + count);
}

function move(
  from: ArrayLike<unknown>,
  to: { [index: number]: unknown },
  indices: ArrayLike<number>,
  fill: unknown,
): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] ?? OUTSIDE;
    to[i] = index === OUTSIDE ? fill : from[index];
  }
}

/** Overwrites some of the elements: `elements[indices[i]] = values[i]`. */
export function putElements(elements: Elements, indices: ArrayLike<number>, values: Elements): void {
  const to: { [index: number]: unknown } = elements;
  for (let i = 0; i < indices.length; i++) to[indices[i] ?? 0] = values[i];
}

function wordsOf(bits: number, bytes: Uint8Array, count: number): Exclude<Elements, Uint8Array[]> {
  const width = Math.max(1, bits / 8);
  const { buffer, byteOffset } = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  if (bits === 64) return new BigUint64Array(buffer, byteOffset, count);
  if (bits === 32) return new Uint32Array(buffer, byteOffset, count);
  if (bits === 16) return new Uint16Array(buffer, byteOffset, count);
  return new Uint8Array(buffer, byteOffset, count);
}
