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

/** int64 products wrap, and all are numbers that a float64 holds. */
const [COUNT_LIMIT, EXTREME_COUNT] = [2 ** 40, 2 ** 52];

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
  return (next) => low + Math.floor(next() * (high - low + 1));
}

function rangeOf(dtype: DType, fill: Fill): { readonly min: number; readonly max: number } {
  if (dtype === 'int32') {
    const limit = fill === 'extremes' ? EXTREME_BIAS : BIAS_LIMIT;
    return { min: -limit, max: limit };
  }
  if (dtype === 'int64') {
    const limit = fill === 'extremes' ? EXTREME_COUNT : COUNT_LIMIT;
    return { min: -limit, max: limit };
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
