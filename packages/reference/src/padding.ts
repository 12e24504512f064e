import { OUTSIDE, upTo } from './indices.js';
import { refuse } from './integer-operands.js';

export type PadMode = 'constant' | 'reflect' | 'edge' | 'wrap';

/**
 * For each coordinate of a padded axis: the coordinate of the input that it shows, or OUTSIDE. Negative pads crop.
 * Reflection does not repeat the edge element.
 */
export function paddedCoordinates(size: number, begin: number, end: number, mode: PadMode): Int32Array {
  const length = size + begin + end;
  if (length < 0) refuse(`pads of ${begin} and ${end} remove more than the ${size} elements of an axis.`);
  if (mode !== 'constant' && size === 0 && length > 0) refuse(`an empty axis cannot be padded by ${mode}.`);
  return upTo(length).map((i) => source(i - begin, size, mode));
}

function source(at: number, size: number, mode: PadMode): number {
  if (at >= 0 && at < size) return at;
  if (mode === 'constant') return OUTSIDE;
  if (mode === 'edge') return at < 0 ? 0 : size - 1;
  if (mode === 'wrap') return ((at % size) + size) % size;
  const period = Math.max(1, 2 * (size - 1));
  const folded = ((at % period) + period) % period;
  return Math.min(folded, period - folded);
}
