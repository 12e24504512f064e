export * from './change.js';
export * from './neighbours.js';
