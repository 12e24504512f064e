import { mseRange } from '@octavo/core/quant';
import { DTYPES } from '@octavo/core/tensor';
import { number } from '@octavo/evaluation';
import { gridOfRange, magnitudeQuantile, rangeNoise } from '../../sensitivity/range-noise.js';
import type { Cause } from '../cause.js';
import { nodesOf, widenInput } from '../precision-change.js';

/** The share of the values that counts as the bulk. */
const BULK = 0.95;

/** How far beyond the bulk the range must reach: normal numbers reach 2 to 3 times, exponential ones 4. */
const BEYOND = 6;

/** A narrower range must leave at most this share of the noise, 6 dB less, to be the change to make. */
const WORTH = 0.25;

/** A few large values stretch the range, so that the many small ones share a few integers. */
export const outlierRange: Cause = {
  name: 'outlier-range',
  description:
    'A few large values stretch the range, and the many small ones share what few integers are left.',
  origin: 'own',
  examine({ pair, input, noise, read }) {
    if (!input || noise.inputRounding === 0) return undefined;
    const bulk = magnitudeQuantile(read, BULK);
    const reach = Math.max(-input.grid.low, input.grid.high);
    if (!(bulk > 0 && reach >= BEYOND * bulk)) return undefined;
    const bits = DTYPES[input.type.storage].bits;
    const { symmetric } = input.type;
    const now = rangeNoise(read, input.grid);
    const clipped = rangeNoise(read, gridOfRange(mseRange(read, { bits, symmetric }), bits));
    const pays = clipped.rounding + clipped.saturation <= WORTH * (now.rounding + now.saturation);
    return {
      noise: noise.inputRounding,
      evidence:
        `${100 * BULK}% of what it reads lies within ${number(bulk)} of zero, the range reaches to ${number(reach)}: ` +
        `${number(reach / bulk)} times as far, in steps of ${number(input.grid.scale)}`,
      ...(pays && pair.input?.grid
        ? {
            change: 'choose the range of least squared error (observer mse)',
            rules: [{ nodes: nodesOf(pair), observer: 'mse' }],
          }
        : widenInput(pair)),
    };
  },
};
