export * from './quantized-type.js';
