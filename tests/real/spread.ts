import type { Sample } from '@octavo/datasets';

/** Most samples, and most bytes that they feed together. */
export interface SampleLimits {
  readonly samples: number;
  readonly bytes: number;
}

/** Every nth sample, from the first on, within limits (one sample at least). */
export function spread(samples: readonly Sample[], most: SampleLimits): Sample[] {
  const bytes = samples.reduce((sum, { feeds }) => sum + bytesOf(feeds), 0);
  const step = Math.max(1, Math.ceil(bytes / most.bytes), Math.ceil(samples.length / most.samples));
  return samples.filter((_, i) => i % step === 0);
}

const bytesOf = (feeds: Sample['feeds']): number =>
  Object.values(feeds).reduce((sum, { bytes }) => sum + bytes.length, 0);
