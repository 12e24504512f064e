export * from './calibrate.js';
export * from './quantize.js';
export * from './quantizer-error.js';
export * from './recipe.js';
export * from './report.js';
