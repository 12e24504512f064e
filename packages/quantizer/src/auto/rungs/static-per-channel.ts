import type { ObserverName } from '@octavo/core/quant';
import type { Rung } from '../rung.js';
import { needsCalibration } from './needs-calibration.js';

/** They change accuracy, not speed: the first one that passes ends the search. */
const OBSERVERS: readonly ObserverName[] = ['minmax', 'mse', 'percentile', 'entropy'];

/** One scale an output channel, with observers that weigh rounding against saturation. */
export const staticPerChannel: Rung = {
  name: 'static-per-channel',
  description: 'INT8 weights with one scale an output channel, better ranges of INT8 activations',
  skips: needsCalibration,
  async *candidates(context) {
    for (const observer of OBSERVERS) {
      const attempt = yield await context.quantize(`${observer} observer`, {
        mode: 'static',
        perChannel: true,
        observer,
      });
      if (attempt?.outcome === 'passed') return;
    }
  },
};
