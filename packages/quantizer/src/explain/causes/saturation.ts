import { DTYPES } from '@octavo/core/tensor';
import { number, percent } from '@octavo/evaluation';
import { gridOfRange, rangeNoise } from '../../sensitivity/range-noise.js';
import type { Cause } from '../cause.js';
import { nodesOf, widenInput } from '../precision-change.js';

/** The range chosen for what the layer reads is narrower than the values are. */
export const saturation: Cause = {
  name: 'saturation',
  description: 'Values lie beyond the range that calibration chose and are cut off at its ends.',
  origin: 'own',
  examine({ pair, input, noise, read }) {
    if (!input || noise.saturation === 0) return undefined;
    const { grid } = input;
    const now = rangeNoise(read, grid);
    const whole = rangeNoise(read, gridOfRange(read, DTYPES[input.type.storage].bits));
    const pays = whole.rounding + whole.saturation < now.rounding + now.saturation;
    return {
      noise: noise.saturation,
      evidence:
        `${percent(now.saturated)} of what it reads lies beyond the range ${number(grid.low)} to ${number(grid.high)}; ` +
        `values reach from ${number(read.min)} to ${number(read.max)}`,
      ...(pays
        ? {
            change: 'calibrate anew, on samples like these, and take the whole range seen (observer minmax)',
            rules: [{ nodes: nodesOf(pair), observer: 'minmax' }],
          }
        : widenInput(pair)),
    };
  },
};
