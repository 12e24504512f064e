import { number } from '@octavo/evaluation';
import type { Cause } from '../cause.js';
import { nodesOf } from '../precision-change.js';
import { spanOf } from '../span.js';

/** How many times wider than the values a range must be. */
const WIDER = 2;

/** The range is far wider than any value, so that most integers stand for nothing. */
export const unusedRange: Cause = {
  name: 'unused-range',
  description:
    'The range is wider than the values: most of the integers are never used, the steps are too coarse.',
  origin: 'own',
  examine({ pair, noise, read }) {
    const { input } = pair;
    if (!input || noise.inputRounding === 0) return undefined;
    const { low, high, scale } = input.grid;
    const span = spanOf(read);
    const times = (high - low) / span;
    if (!(span > 0 && times >= WIDER)) return undefined;
    return {
      noise: noise.inputRounding,
      evidence:
        `its range is ${number(low)} to ${number(high)}, but values reach only from ${number(read.min)} to ${number(read.max)}: ` +
        `${Math.ceil(span / scale)} of ${Math.round((high - low) / scale) + 1} integers are used`,
      change: 'calibrate anew, on samples like these (observer minmax)',
      rules: [{ nodes: nodesOf(pair), observer: 'minmax' }],
    };
  },
};
