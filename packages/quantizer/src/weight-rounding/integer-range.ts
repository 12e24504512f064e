import { type QuantizedType, type QuantRange, quantizeNumbers, storageRange } from '@octavo/core/quant';
import type { NumberArray } from '@octavo/core/tensor';
import type { BlockFormat, WeightMatrix } from './weight-rounding.js';

/** The integers of a format: symmetric ones of 8 bits leave out the lowest, so that they reach as far on either side. */
export function integerRange({ storage, symmetric }: Omit<BlockFormat, 'blockSize'>): QuantRange {
  const { min, max } = storageRange(storage);
  return { min: symmetric && max - min === 255 ? min + 1 : min, max };
}

/** Every weight to the nearest integer of {@link integerRange}. */
export function nearestIntegers(
  { values, rows, columns }: WeightMatrix,
  format: BlockFormat,
  type: QuantizedType,
): NumberArray {
  const integers = quantizeNumbers(values, [rows, columns], type);
  const { min } = integerRange(format);
  for (let i = 0; i < integers.length; i++) if ((integers[i] ?? 0) < min) integers[i] = min;
  return integers;
}
