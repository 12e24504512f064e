import { DTYPES, isBigInt, isFloat, sameShape, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { Bound } from './conformance-case.js';

/** Distance from 1 to the next float32. */
const EPSILON = 2 ** -23;

/** What `product` bounds need beside the outputs. */
export interface ProductScale {
  /** The reference's result for the absolute values of all operands: `sum|a_i b_i|`. */
  readonly magnitudes: Tensor;
  /** Whether the inputs were random, so that the bound on the whole tensor applies. */
  readonly random: boolean;
}

/**
 * How `found` differs from `expected` by more than the bound allows, or undefined when it agrees.
 * Integers, booleans and strings agree when they are equal, whatever the bound.
 */
export function difference(
  expected: Tensor,
  found: Tensor,
  bound: Bound,
  scale?: ProductScale,
): string | undefined {
  if (expected.dtype !== found.dtype || !sameShape(expected.shape, found.shape)) {
    return `expected ${describe(expected)}, found ${describe(found)}`;
  }
  if (!isFloat(expected.dtype)) return firstDifference(slots(expected), slots(found), () => 0);
  const [r, y] = [toNumbers(expected), toNumbers(found)];
  if (bound.kind === 'exact') return firstDifference(r, y, () => 0);
  const relative = 2 * bound.terms * EPSILON;
  if (bound.kind === 'normalized') {
    const limit = relative * Array.from(r, Math.abs).reduce((a, b) => Math.max(a, b), 0);
    return firstDifference(r, y, () => limit);
  }
  if (!scale) return 'a product bound needs the magnitudes of its sums';
  const sums = toNumbers(scale.magnitudes);
  const element = firstDifference(r, y, (i) => relative * (sums[i] ?? 0));
  return element ?? (scale.random ? rootMeanSquareDifference(r, y, bound.terms) : undefined);
}

function describe({ dtype, shape }: Tensor): string {
  return `${dtype}[${shape.join(', ')}]`;
}

/** Array slots that are equal when the elements are. */
function slots(tensor: Tensor): ArrayLike<number | bigint> {
  const { kind } = DTYPES[tensor.dtype];
  const asStored = isBigInt(tensor.dtype) || kind === 'opaque' || kind === 'string';
  return asStored ? tensor.data : toNumbers(tensor);
}

function firstDifference(
  expected: ArrayLike<number | bigint>,
  found: ArrayLike<number | bigint>,
  limit: (index: number) => number,
): string | undefined {
  let [first, count] = ['', 0];
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [expected[i], found[i]];
    if (a === b || Object.is(a, b)) continue;
    const isNear = Math.abs(Number(a) - Number(b)) <= limit(i);
    if (isNear) continue;
    if (count === 0) first = `element ${i}: expected ${a}, found ${b}`;
    count++;
  }
  return count > 0 ? `${first} (${count} of ${expected.length} differ)` : undefined;
}

function rootMeanSquareDifference(
  r: ArrayLike<number>,
  y: ArrayLike<number>,
  terms: number,
): string | undefined {
  let [error, energy] = [0, 0];
  for (let i = 0; i < r.length; i++) {
    const exact = r[i] ?? 0;
    error += ((y[i] ?? 0) - exact) ** 2;
    energy += exact ** 2;
  }
  const [found, limit] = [Math.sqrt(error), Math.sqrt(terms) * 2 ** -24 * Math.sqrt(energy)];
  return found <= limit
    ? undefined
    : `rms error is ${found / limit} times what fp32 sums of ${terms} terms allow`;
}
