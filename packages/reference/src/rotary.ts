import type { Heads } from './attention-heads.js';
import type { FloatArray } from './floats.js';
import { refuse } from './integer-operands.js';

/** Which numbers of a head rotate, and by which angles. */
export interface Rotation {
  /** How many numbers of each head rotate: the first ones. */
  readonly rotated: number;
  /** Pairs are neighbours, else half the rotated numbers apart. */
  readonly interleaved: boolean;
  /** The row of the caches that holds the angles of the vector `at` of a sample. */
  position(batch: number, at: number): number;
}

/**
 * `(cos x - sin y, sin x + cos y)` of each pair (x, y) of numbers.
 * @param cos Cosines of the angles, `[positions, rotated / 2]`; `sin` likewise.
 * @throws KernelError `KERNEL_OPERAND` when the numbers do not come in pairs, or a position has no angles.
 */
export function rotateHeads(
  heads: Heads,
  cos: FloatArray,
  sin: FloatArray,
  { rotated, interleaved, position }: Rotation,
): Heads {
  if (rotated < 0 || rotated > heads.width || rotated % 2 !== 0) {
    refuse(`${rotated} elements of heads of ${heads.width} do not rotate in pairs.`);
  }
  const half = rotated / 2;
  if (half === 0) return heads;
  if (cos.length !== sin.length || cos.length % half !== 0) {
    refuse(`${cos.length} cosines and ${sin.length} sines do not rotate ${half} pairs a position.`);
  }
  const positions = cos.length / half;
  const out = Float64Array.from(heads.data);
  for (let row = 0; row < heads.batch * heads.heads * heads.length; row++) {
    const batch = Math.floor(row / (heads.heads * heads.length));
    const at = position(batch, row % heads.length);
    if (!(at >= 0 && at < positions)) refuse(`position ${at} is not among the ${positions} with angles.`);
    const angles = at * half;
    for (let i = 0; i < half; i++) {
      const first = row * heads.width + (interleaved ? 2 * i : i);
      const second = first + (interleaved ? 1 : half);
      const [a, b] = [heads.data[first] ?? 0, heads.data[second] ?? 0];
      const [c, s] = [cos[angles + i] ?? 0, sin[angles + i] ?? 0];
      out[first] = c * a - s * b;
      out[second] = s * a + c * b;
    }
  }
  return { ...heads, data: out };
}
