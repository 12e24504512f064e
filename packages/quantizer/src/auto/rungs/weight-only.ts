import type { Rung } from '../rung.js';

/** Only the weights of matrix products become integers: smaller, and faster where memory is the limit. */
export const weightOnly: Rung = {
  name: 'weight-only',
  description: 'INT8 or INT4 weights in blocks of 32, float activations',
  async *candidates(context) {
    for (const weights of ['int8', 'int4'] as const)
      yield await context.quantize(`${weights} blocks of 32`, {
        mode: 'weight-only',
        weights,
        blockSize: 32,
      });
  },
};
