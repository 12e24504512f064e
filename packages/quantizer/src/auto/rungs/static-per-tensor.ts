import type { Rung } from '../rung.js';
import { needsCalibration } from './needs-calibration.js';

/** One scale a tensor and the ranges seen: what every integer kernel runs. */
export const staticPerTensor: Rung = {
  name: 'static-per-tensor',
  description: 'INT8 weights and activations, one scale a tensor, ranges as seen',
  skips: needsCalibration,
  async *candidates(context) {
    yield await context.quantize('minmax observer', {
      mode: 'static',
      perChannel: false,
      observer: 'minmax',
    });
  },
};
