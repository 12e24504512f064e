export * from './activations.js';
export * from './determinism.js';
export * from './distribution.js';
export * from './edge-cases.js';
export * from './out-of-range.js';
export * from './weights.js';
