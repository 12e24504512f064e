import type { Tensor } from '@octavo/core/tensor';

/**
 * What fills a value: `random` is the whole range of an integer type and a normal distribution for floats,
 * `extremes` the ends of the range (floats: signed powers of two over forty orders of magnitude), `small` the
 * integers from -2 to 2 (from 0 for unsigned types).
 */
export type Fill = 'random' | 'extremes' | 'small';

/** How a backend's float outputs may differ from the reference; integer outputs never differ. */
export type Bound =
  /** The same bits. NaN equals NaN. */
  | { readonly kind: 'exact' }
  /**
   * Sums of `terms` products in fp32, in any order: every element `|y - r| <= 2 * terms * eps * sum|a_i b_i|`, and on
   * random inputs `rms(y - r) <= sqrt(terms) * 2^-24 * rms(r)`. The sum is the reference's result for the absolute
   * values of all operands.
   */
  | { readonly kind: 'product'; readonly terms: number }
  /** Normalizations over `terms` elements: finite, and `|y - r| <= 2 * terms * eps * max|r|`. */
  | { readonly kind: 'normalized'; readonly terms: number };

/** A graph and what to feed it. Data, so that any runtime can run it in its own way. */
export interface ConformanceCase {
  /** Unique among all cases; the key of `skip`. */
  readonly name: string;
  /** Text form of the graph (`parse`). Values declared without elements are constants that get filled. */
  readonly graph: string;
  /** Inputs and constants by name, as tensors or fills; `random` where none is given. */
  readonly values?: Readonly<Record<string, Tensor | Fill>>;
  /** Whether it also runs with extreme inputs (default true; tensors given in `values` stay as they are). */
  readonly extremes?: boolean;
  /** Bound of float outputs (default `exact`). */
  readonly bound?: Bound;
  /** Published outputs by name; without them the reference backend is what to agree with. */
  readonly expected?: Readonly<Record<string, Tensor>>;
}
