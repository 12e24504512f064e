import type { Rung } from '../rung.js';
import { dynamic } from './dynamic.js';
import { fp16 } from './fp16.js';
import { sensitiveLayersFloat } from './sensitive-layers-float.js';
import { staticPerChannel } from './static-per-channel.js';
import { staticPerTensor } from './static-per-tensor.js';
import { weightOnly } from './weight-only.js';

/** The methods of the automatic pipeline in order of expected gain. */
export const DEFAULT_RUNGS: readonly Rung[] = [
  staticPerTensor,
  staticPerChannel,
  sensitiveLayersFloat,
  dynamic,
  weightOnly,
  fp16,
];
