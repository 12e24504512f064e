import { DTYPES } from '@octavo/core/tensor';
import { number } from '@octavo/evaluation';
import { decibels } from '../../sensitivity/layer-noise.js';
import type { Cause } from '../cause.js';
import { widenInput, widenWeights } from '../precision-change.js';

/** The integers have too few bits, with nothing wrong about their range. */
export const rounding: Cause = {
  name: 'rounding',
  description: 'The integers are too few: rounding to the nearest one is already too much.',
  origin: 'own',
  examine({ pair, input, noise }) {
    const { quantizedWeights } = pair;
    if (noise.inputRounding === 0 && noise.weights === 0) return undefined;
    const of = (what: string, power: number): string =>
      `rounding ${what} alone leaves ${number(decibels(1, power))} dB`;
    if (input && noise.inputRounding >= noise.weights)
      return {
        noise: noise.inputRounding,
        evidence: of(
          `what it reads to ${DTYPES[input.type.storage].bits} bits in steps of ${number(input.grid.scale)}`,
          noise.inputRounding,
        ),
        ...widenInput(pair),
      };
    return {
      noise: noise.weights,
      evidence: of(`its weights to ${quantizedWeights?.type?.storage ?? 'other numbers'}`, noise.weights),
      ...widenWeights(pair),
    };
  },
};
