import { nearestIntegers } from './integer-range.js';
import { searchBlocks } from './search-block.js';
import type { WeightRounding } from './weight-rounding.js';

/** Every weight to the nearest integer, with the scale (and zero point) of each block that leaves the least squared error. */
export const mse: WeightRounding = {
  name: 'mse',
  description: 'scales and zero points of least squared error, by search in each block',
  needsInputs: false,
  round(weights, format) {
    const type = searchBlocks(weights, format);
    return { type, integers: nearestIntegers(weights, format, type) };
  },
};
