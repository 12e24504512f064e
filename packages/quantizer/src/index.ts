export * from './auto/index.js';
export * from './calibrate.js';
export * from './judging/index.js';
export * from './quantize.js';
export * from './quantizer-error.js';
export * from './recipe.js';
export * from './report.js';
export * from './sensitivity/index.js';
