import { quantizedTypeOfWeights, quantizeNumbers } from '@octavo/core/quant';
import type { WeightRounding } from './weight-rounding.js';

/** Every weight to the nearest integer, with scales from the range of its block: what every quantizer has. */
export const nearest: WeightRounding = {
  name: 'nearest',
  needsInputs: false,
  round({ values, rows, columns }, { storage, symmetric, blockSize }) {
    const shape = [rows, columns];
    const granularity = { kind: 'per-block', axis: 0, blockSize } as const;
    const type = quantizedTypeOfWeights(values, shape, { storage, symmetric, granularity });
    return { type, integers: quantizeNumbers(values, shape, type) };
  },
};
