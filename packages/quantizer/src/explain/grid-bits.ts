import type { IntegerInput } from './layer-pair.js';

/** Bits of the integers that a layer reads. */
export function gridBits({ grid }: IntegerInput): number {
  return Math.round(Math.log2((grid.high - grid.low) / grid.scale + 1));
}
