import type { RealRange } from '@octavo/core/quant';

/** Width of a range widened to contain 0, as quantized ranges are. */
export function spanOf({ min, max }: RealRange): number {
  return Math.max(max, 0) - Math.min(min, 0);
}
