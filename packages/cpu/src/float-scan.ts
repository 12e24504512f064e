import { type Float32Scan, float32Scan } from '@octavo/core/quant';
import { callNative } from './cpu-error.js';
import { loadBinding } from './load-binding.js';

/** Exponents that native bins have: powers of two that are normal floats. */
const MOST_EXPONENT = 126;

/**
 * Goes over calibration activations with vectors, on all threads: what `observe` of an observer and `quantizeModel` take
 * as `scan`. Gives what the scan of `@octavo/core` gives.
 *
 * @throws CpuError where the addon does not load
 */
export function floatScan(): Float32Scan {
  const { binding } = loadBinding();
  return {
    range(values) {
      const out = new Float32Array(2);
      callNative(() => binding.extent(values, out));
      const [min = Number.NaN, max = Number.NaN] = out;
      return Number.isNaN(min) ? undefined : { min: min + 0, max: max + 0 };
    },
    count(values, bins) {
      if (Math.abs(bins.exponent) > MOST_EXPONENT) return float32Scan.count(values, bins);
      const counts = new Int32Array(bins.size);
      const zeros = callNative(() => binding.countBins(values, bins.exponent, bins.low, counts));
      return { counts, zeros };
    },
  };
}
