export * from './activations.js';
export { erf } from './erf.js';
export * from './unary-functions.js';
