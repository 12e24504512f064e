import type { Tensor } from '@octavo/core/tensor';
import { type FloatArray, floats } from './floats.js';
import { stridedIndices } from './indices.js';
import { refuse } from './integer-operands.js';

/** Vectors by sample and head: element (b, h, s, d) of `[batch, heads, length, width]`, row-major. */
export interface Heads {
  readonly data: FloatArray;
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
}

/**
 * Heads of `[batch, heads, length, width]`, or of `[batch, length, heads * width]` with their number given.
 * Throws KernelError `KERNEL_OPERAND` when the shape has neither form.
 */
export function splitHeads(tensor: Tensor, count: number | undefined): Heads {
  const data = floats(tensor);
  if (tensor.shape.length === 4) {
    const [batch = 1, heads = 1, length = 1, width = 1] = tensor.shape;
    return { data, batch, heads, length, width };
  }
  const [batch = 1, length = 1, hidden = 1] = tensor.shape;
  if (tensor.shape.length !== 3 || !count || hidden % count !== 0) {
    refuse(`[${tensor.shape.join(', ')}] does not divide into ${count ?? 'an unknown number of'} heads.`);
  }
  const width = hidden / count;
  const strides = [length * hidden, width, hidden, 1];
  const indices = stridedIndices([batch, count, length, width], strides);
  return { data: pick(data, indices), batch, heads: count, length, width };
}

/** `count` of the heads, from the one numbered `first`. */
export function takeHeads({ data, ...all }: Heads, first: number, count: number): Heads {
  const { batch, heads, length, width } = all;
  const strides = [heads * length * width, length * width, width, 1];
  const taken = data.subarray(first * length * width);
  return { ...all, data: pick(taken, stridedIndices([batch, count, length, width], strides)), heads: count };
}

/** `[batch, length, heads * width]` of heads. */
export function joinHeads({ data, batch, heads, length, width }: Heads): FloatArray {
  const strides = [heads * length * width, width, length * width, 1];
  return pick(data, stridedIndices([batch, length, heads, width], strides));
}

/**
 * Heads whose sequences are those of `past`, then those of `next`.
 * Throws KernelError `KERNEL_OPERAND` when they are not as many, or not as wide.
 */
export function appendHeads(past: Heads | undefined, next: Heads): Heads {
  if (!past) return next;
  if (past.batch !== next.batch || past.heads !== next.heads || past.width !== next.width) {
    const form = ({ batch, heads, width }: Heads) => `${batch} x ${heads} heads of ${width}`;
    refuse(`the past has ${form(past)}, what follows ${form(next)}.`);
  }
  const length = past.length + next.length;
  const data = new Float64Array(next.batch * next.heads * length * next.width);
  for (let head = 0; head < next.batch * next.heads; head++) {
    const [before, after] = [past.length * past.width, next.length * next.width];
    data.set(past.data.subarray(head * before, (head + 1) * before), head * (before + after));
    data.set(next.data.subarray(head * after, (head + 1) * after), head * (before + after) + before);
  }
  return { ...next, data, length };
}

function pick(data: FloatArray, indices: Int32Array): Float64Array {
  return Float64Array.from(indices, (index) => data[index] ?? 0);
}
