import type { Rung } from '../rung.js';

/** Half precision: half the size, and faster where the target computes in it. */
export const fp16: Rung = {
  name: 'fp16',
  description: 'weights and activations in half precision',
  async *candidates(context) {
    yield await context.quantize('float16', { mode: 'fp16' });
  },
};
