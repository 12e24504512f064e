import type { Cause } from '../cause.js';
import { accumulatedError } from './accumulated-error.js';
import { biasError } from './bias-error.js';
import { outlierRange } from './outlier-range.js';
import { rounding } from './rounding.js';
import { saturation } from './saturation.js';
import { unusedRange } from './unused-range.js';
import { weightChannelSpread } from './weight-channel-spread.js';

/** What can be wrong with a layer. Of causes that explain as much, the first one is named. */
export const CAUSES: readonly Cause[] = [
  saturation,
  unusedRange,
  outlierRange,
  weightChannelSpread,
  biasError,
  accumulatedError,
  rounding,
];
