export * from './run-auto.js';
export * from './rung.js';
export * from './rungs/index.js';
