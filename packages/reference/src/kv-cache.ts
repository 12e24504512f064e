import { roundHalfEven } from '@octavo/core/quant';
import { type DType, fromNumbers, pack, sameShape, Tensor, toNumbers, unpack } from '@octavo/core/tensor';
import type { Heads } from './attention-heads.js';
import { refuse } from './integer-operands.js';

/** How keys or values are kept between calls: each number as a code that stands for `(code - zeroPoint) * scale`. */
export interface CacheFormat {
  readonly dtype: DType;
  /** The smallest and largest code; undefined keeps the numbers themselves. */
  readonly codes?: { readonly min: number; readonly max: number; readonly zeroPoint: number };
  /** Two codes lie in one element, the first in the low bits. */
  readonly packed: boolean;
  /** One scale for all, or one for each number of each head. */
  readonly scales: ArrayLike<number>;
}

/** A cache after a call: what the attention reads, and the tensor that the next call gets. */
export interface Cached {
  readonly heads: Heads;
  readonly present: Tensor;
}

/** Where new vectors go: behind the first `pastOf(batch)` of the cache, which then has `length` places a head. */
export interface CachePlan {
  readonly length: number;
  pastOf(batch: number): number;
}

/** How a node says that its cache is quantized. */
export interface CacheQuantization {
  readonly kind: 'NONE' | 'PER_TENSOR' | 'PER_CHANNEL';
  readonly bits: number;
  /** Not read where the kind is `NONE`. */
  readonly scales: Tensor | undefined;
}

/**
 * int8, two 4-bit integers plus 8 in a byte, or the dtype's own numbers.
 * @throws KernelError `KERNEL_OPERAND` where a cache has not the scales or the dtype of its kind.
 */
export function cacheFormat(
  dtype: DType,
  { kind, bits, scales }: CacheQuantization,
  { heads, width }: Pick<Heads, 'heads' | 'width'>,
): CacheFormat {
  if (kind === 'NONE') return { dtype, packed: false, scales: [1] };
  const expected = kind === 'PER_TENSOR' ? 1 : heads * width;
  if (scales?.size !== expected) {
    refuse(`a cache quantized ${kind} takes ${expected} scales, found ${scales?.size ?? 'none'}.`);
  }
  const values = toNumbers(scales);
  if (bits === 4 && dtype === 'uint8') {
    if (width % 2 !== 0) refuse(`heads of ${width} numbers of 4 bits do not fill bytes.`);
    return { dtype, codes: { min: 0, max: 15, zeroPoint: 8 }, packed: true, scales: values };
  }
  if (bits === 8 && dtype === 'int8') {
    return { dtype, codes: { min: -128, max: 127, zeroPoint: 0 }, packed: false, scales: values };
  }
  refuse(`a cache of ${bits}-bit numbers is not kept as ${dtype}.`);
}

/**
 * Writes new keys or values into a cache. Places that hold nothing have code 0.
 * @throws KernelError `KERNEL_OPERAND` when they do not fit.
 */
export function extendCache(
  past: Tensor | undefined,
  next: Heads,
  format: CacheFormat,
  { length, pastOf }: CachePlan,
): Cached {
  const { batch, heads, width } = next;
  const pastLength = past?.shape[2] ?? 0;
  const expected = [batch, heads, pastLength, format.packed ? width / 2 : width];
  if (past && !sameShape(past.shape, expected)) {
    refuse(`the cache is [${past.shape.join(', ')}], not [${expected.join(', ')}].`);
  }
  const before = past ? codesOf(past, format) : [];
  if (length > pastLength + next.length) {
    refuse(`a cache of ${length} is longer than what it holds: ${pastLength} and ${next.length} vectors.`);
  }
  const codes = new Float64Array(batch * heads * length * width);
  for (let head = 0; head < batch * heads; head++) {
    const kept = pastOf(Math.floor(head / heads));
    if (kept < 0 || kept > pastLength || kept + next.length > length) {
      refuse(`${kept} old and ${next.length} new vectors do not fit a cache of ${length}.`);
    }
    const start = head * length * width;
    for (let i = 0; i < kept * width; i++) codes[start + i] = before[head * pastLength * width + i] ?? 0;
    for (let i = 0; i < next.length * width; i++) {
      const value = next.data[head * next.length * width + i] ?? 0;
      codes[start + kept * width + i] = encode(value, (head % heads) * width + (i % width), format);
    }
  }
  const data = codes.map((code, i) => decode(code, channelOf(i, next, length), format));
  return {
    heads: { data, batch, heads, length, width },
    present: stored(codes, [batch, heads, length, width], format),
  };
}

/** The index of an element's scale: its head and its place in the vector. */
function channelOf(index: number, { heads, width }: Heads, length: number): number {
  return (Math.floor(index / (length * width)) % heads) * width + (index % width);
}

function scaleOf({ scales }: CacheFormat, channel: number): number {
  return scales[channel % scales.length] ?? 1;
}

function encode(value: number, channel: number, format: CacheFormat): number {
  const { codes } = format;
  if (!codes) return value;
  const rounded = roundHalfEven(Math.fround(value / scaleOf(format, channel))) + codes.zeroPoint;
  return Math.min(codes.max, Math.max(codes.min, rounded));
}

function decode(code: number, channel: number, format: CacheFormat): number {
  return format.codes ? (code - format.codes.zeroPoint) * scaleOf(format, channel) : code;
}

function codesOf(past: Tensor, { packed, dtype }: CacheFormat): ArrayLike<number> {
  if (past.dtype !== dtype) refuse(`the cache is ${past.dtype}, not ${dtype}.`);
  return packed ? unpack('uint4', past.bytes, past.size * 2) : toNumbers(past);
}

function stored(codes: Float64Array, shape: readonly number[], { packed, dtype }: CacheFormat): Tensor {
  if (!packed) return fromNumbers(dtype, shape, codes);
  const width = (shape[3] ?? 0) / 2;
  return new Tensor('uint8', shape.with(3, width), pack('uint4', codes));
}
