export * from './cause.js';
export { CAUSES } from './causes/index.js';
export * from './evidence.js';
export * from './explain-layers.js';
export * from './fix-quantization.js';
export * from './goal.js';
export * from './recipe-of-model.js';
