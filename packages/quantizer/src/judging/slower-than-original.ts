import type { TrialFigures } from './trials.js';

/** A warning for each target on which a model is slower than its original. */
export function slowerThanOriginal({ latency }: Pick<TrialFigures, 'latency'>): string[] {
  return latency
    .filter(({ ratio }) => ratio > 1)
    .map(
      ({ target, ratio, median, original }) =>
        `the quantized model is slower than the original on ${target}: ${median.toFixed(3)} ms against ${original.median.toFixed(3)} ms (${ratio.toFixed(2)}x).`,
    );
}
