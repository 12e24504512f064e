/** What of a layer is quantized while everything else stays float. */
export type Part = 'weights' | 'activations' | 'both';

export const PARTS: readonly Part[] = ['weights', 'activations', 'both'];

/** Bits that a part can be quantized to. */
export type Bits = 2 | 4 | 8 | 16;

export const BITS: readonly Bits[] = [2, 4, 8, 16];

/** One layer alone, quantized in one way. */
export interface Sensitivity {
  /** The layer's node, as reports call it. */
  readonly node: string;
  readonly op: string;
  /** The value that the node computes: a name that no other layer has. */
  readonly output: string;
  readonly part: Part;
  readonly bits: Bits;
  /**
   * Signal to quantization noise in dB: estimated at the layer's own output in the cheap mode, measured at the model's
   * first float output in the exact mode. Infinity when nothing changes, NaN when no sample reached the layer.
   */
  readonly sqnr: number;
  /** Elements of the layer's weight. */
  readonly weights: number;
  /** Exact mode: the metric with this layer quantized and how much worse that is. */
  readonly metric?: { readonly value: number; readonly drop: number };
}

/** The most sensitive first: the largest drop of the metric, and among equals the least SQNR. */
export function rank(entries: readonly Sensitivity[]): Sensitivity[] {
  return [...entries].sort(
    (a, b) => (b.metric?.drop ?? 0) - (a.metric?.drop ?? 0) || ascending(a.sqnr, b.sqnr) || a.bits - b.bits,
  );
}

/** Infinities are equal to themselves; NaN comes last. */
function ascending(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a - b;
}
