import type { RealRange } from '@octavo/core/quant';
import { number } from '@octavo/evaluation';
import { ACTIVATION_DTYPES } from '../../precision.js';
import type { IntegerGrid } from '../../sensitivity/range-noise.js';
import type { Cause } from '../cause.js';
import type { MeasuredInput } from '../evidence.js';
import type { LayerPair } from '../layer-pair.js';
import { nodesOf, type PrecisionChange } from '../precision-change.js';
import { spanOf } from '../span.js';

/** How many times wider than the values a range must be. */
const WIDER = 2;

/** The range is far wider than any value, so that most integers stand for nothing. */
export const unusedRange: Cause = {
  name: 'unused-range',
  description:
    'The range is wider than the values: most of the integers are never used, the steps are too coarse.',
  origin: 'own',
  examine({ pair, input, noise, read }) {
    const span = spanOf(read);
    if (!input || noise.inputRounding === 0 || !(span > 0)) return undefined;
    const { low, high, scale } = input.grid;
    if (!((high - low) / span >= WIDER)) return undefined;
    const used = `${Math.ceil(span / scale)} of ${Math.round((high - low) / scale) + 1} integers are used`;
    const isFitted = input.type.symmetric && !(reachTimes(input.grid, read) >= WIDER);
    return {
      noise: noise.inputRounding,
      evidence:
        `its range is ${number(low)} to ${number(high)}, but values reach only from ${number(read.min)} to ${number(read.max)}: ` +
        used,
      ...(isFitted ? useBothSides(pair, input) : calibrate(pair)),
    };
  },
};

/** How many times farther a grid reaches than the values, on the side where these reach farthest. */
function reachTimes({ low, high }: IntegerGrid, { min, max }: RealRange): number {
  return max >= -min ? high / max : low / min;
}

/** A symmetric range fits values of one sign and still wastes its other half. */
function useBothSides(pair: LayerPair, { type }: MeasuredInput): PrecisionChange {
  const dtype = ACTIVATION_DTYPES.find((each) => each === type.storage);
  const activations = { symmetric: false, ...(dtype ? { dtype } : {}) };
  return {
    change: 'let the zero point of what it reads follow the range (asymmetric activations)',
    rules: [{ nodes: nodesOf(pair), activations }],
  };
}

function calibrate(pair: LayerPair): PrecisionChange {
  return {
    change: 'calibrate anew, on samples like these (observer minmax)',
    rules: [{ nodes: nodesOf(pair), observer: 'minmax' }],
  };
}
