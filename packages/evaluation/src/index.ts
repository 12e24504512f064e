export * from './bootstrap.js';
export * from './compare-layers.js';
export * from './evaluate.js';
export * from './evaluation-error.js';
export * from './latency.js';
export * from './metrics/index.js';
export * from './score-samples.js';
export * from './segments.js';
