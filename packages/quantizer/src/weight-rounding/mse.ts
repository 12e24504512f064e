import { nearestIntegers } from './integer-range.js';
import { searchBlocks } from './search-block.js';
import type { WeightRounding } from './weight-rounding.js';

/** Every weight to the nearest integer, with the scale (and zero point) of each block that leaves the least squared error. */
export const mse: WeightRounding = {
  name: 'mse',
  needsInputs: false,
  round(weights, format) {
    const type = searchBlocks(weights, format);
    return { type, integers: nearestIntegers(weights, format, type) };
  },
};
