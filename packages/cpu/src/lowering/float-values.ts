import type { Value } from '@octavo/core/ir';
import { dtypeOf } from './static-value.js';

/** Why an op of floats does not take these values; undefined when all are float32 and none is quantized. */
export function declineFloats(values: readonly (Value | undefined)[]): string | undefined {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!value) continue;
    if (value.quantized) return 'no float kernel for quantized values';
    const dtype = dtypeOf(value);
    if (dtype !== 'float32') return `no float kernel for ${dtype}`;
  }
  return undefined;
}
