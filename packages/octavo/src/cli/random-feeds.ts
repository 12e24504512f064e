import { type DType, elementCount, fromNumbers, isFloat, isInteger, type Tensor } from '@octavo/core/tensor';
import type { Port } from '@octavo/runtime';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { UsageError } from './usage-error.js';

/** Seeded random tensors: floats in [-1, 1), integers 0 or 1 (safe as indices); unknown dimensions are 1. */
export function randomFeeds(ports: readonly Port[], seed: number): Record<string, Tensor> {
  const random = xoroshiro128plus(seed);
  return Object.fromEntries(
    ports.map((port) => {
      const shape = (port.shape ?? []).map((dim) => (typeof dim === 'number' ? dim : 1));
      const values = Array.from({ length: elementCount(shape) }, () =>
        scale(port.dtype, uniformFloat64(random)),
      );
      if (!isFloat(port.dtype) && !isInteger(port.dtype) && port.dtype !== 'bool') {
        throw new UsageError(
          `input ${port.name} holds ${port.dtype}, for which there are no random elements.`,
          'Give it with --input.',
        );
      }
      return [port.name, fromNumbers(port.dtype, shape, values)];
    }),
  );
}

function scale(dtype: DType, uniform: number): number {
  return isFloat(dtype) ? 2 * uniform - 1 : Math.round(uniform);
}
