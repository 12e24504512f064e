import type { Rung } from '../rung.js';

/** Activations get their ranges from their own values at run time. */
export const dynamic: Rung = {
  name: 'dynamic',
  description: 'INT8 weights, activations quantized at run time',
  async *candidates(context) {
    yield await context.quantize('per-channel weights', { mode: 'dynamic' });
  },
};
