import type { Latency } from './latency.js';

/** What a model costs to keep and to run. */
export interface ModelPerformance {
  /** On disk, external data included. */
  readonly bytes: number;
  readonly latency: Latency;
  /** Largest resident memory of a process that opens and runs it, less that of the bare process; null when not measured. */
  readonly peakMemory: number | null;
}

/** Two models measured in one run. */
export interface PerformanceComparison {
  readonly quantized: ModelPerformance;
  readonly original: ModelPerformance;
}
