import { number } from '@octavo/evaluation';
import type { Cause } from '../cause.js';

/** The bias of the quantized model is not that of the original: saturated, or of a wrong scale or zero point. */
export const biasError: Cause = {
  name: 'bias-error',
  description:
    'The bias is not what it was: its integers saturated, or stand for numbers of another scale or zero point.',
  origin: 'own',
  examine({ pair, noise }) {
    const { bias, quantizedBias } = pair;
    if (!bias || !quantizedBias || noise.bias === 0) return undefined;
    const worst = bias.reduce(
      (at, value, i) => (distance(value, i) > distance(bias[at] ?? 0, at) ? i : at),
      0,
    );
    function distance(value: number, i: number): number {
      return Math.abs(value - (quantizedBias?.numbers[i] ?? 0));
    }
    return {
      noise: noise.bias,
      evidence: `the bias of channel ${worst} is ${number(quantizedBias.numbers[worst] ?? 0)}, in the original ${number(bias[worst] ?? 0)}`,
      change:
        'quantize the bias anew: int32 without a zero point, by the scale of the input times that of the weights',
      rules: [],
    };
  },
};
