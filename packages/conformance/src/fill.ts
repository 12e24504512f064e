import { isStorageDType, storageRange } from '@octavo/core/quant';
import {
  type DType,
  elementCount,
  fromNumbers,
  isFloat,
  OctavoError,
  type Shape,
  type Tensor,
} from '@octavo/core/tensor';
import type { Fill } from './conformance-case.js';

/** int32 is for biases: these are of the size of the sums they join, and extreme ones wrap with none of them. */
const [BIAS_LIMIT, EXTREME_BIAS] = [2 ** 14, 2 ** 30];

/** Products of int64 wrap, and sums of extreme ones: the widest numbers of theirs that a float64 holds. */
const COUNT_LIMIT = 2 ** 40;
const EXTREME_COUNTS = { min: -(2 ** 63), max: 2 ** 63 - 2 ** 10 };

/** A tensor of pseudo-random elements: the same for the same arguments on every machine. */
export function fillTensor(dtype: DType, shape: Shape, fill: Fill, seed: string): Tensor {
  const next = generator(hash(seed));
  const element = isFloat(dtype) ? FLOATS[fill] : integers(dtype, fill);
  return fromNumbers(
    dtype,
    shape,
    Array.from({ length: elementCount(shape) }, () => element(next)),
  );
}

/** Gives the next number in [0, 1). */
type Random = () => number;
type Element = (next: Random) => number;

const FLOATS: Readonly<Record<Fill, Element>> = {
  random: (next) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  extremes: (next) => (next() < 0.5 ? -1 : 1) * 2 ** Math.round((next() - 0.5) * 120),
  small: (next) => Math.round(next() * 4) - 2,
};

function integers(dtype: DType, fill: Fill): Element {
  const { min, max } = rangeOf(dtype, fill);
  if (fill === 'extremes') return (next) => (next() < 0.5 ? min : max);
  const low = fill === 'small' ? Math.max(min, -2) : min;
  const high = fill === 'small' ? Math.min(max, 2) : max;
  const count = high - low + 1;
  // A draw has 32 bits.
  if (count > 2 ** 32) return (next) => low + Math.floor((next() + next() / 2 ** 32) * count);
  return (next) => low + Math.floor(next() * count);
}

function rangeOf(dtype: DType, fill: Fill): { readonly min: number; readonly max: number } {
  if (dtype === 'int32') {
    const limit = fill === 'extremes' ? EXTREME_BIAS : BIAS_LIMIT;
    return { min: -limit, max: limit };
  }
  if (dtype === 'int64') {
    return fill === 'extremes' ? EXTREME_COUNTS : { min: -COUNT_LIMIT, max: COUNT_LIMIT };
  }
  if (dtype === 'bool') return { min: 0, max: 1 };
  if (isStorageDType(dtype)) return storageRange(dtype);
  throw new OctavoError({ code: 'CONFORMANCE_FILL', message: `no case fills ${dtype} tensors.` });
}

/** FNV-1a of the text's UTF-16 units. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return state >>> 0;
}

/** Mulberry32 (Tommy Ettinger, public domain). */
function generator(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
