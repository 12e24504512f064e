/** Metrics and what measures sessions by them, without suites and what reads those. */
export * from './evaluate.js';
export * from './latency.js';
export * from './metrics/index.js';
export * from './score-samples.js';
