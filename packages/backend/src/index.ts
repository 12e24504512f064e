export * from './backend.js';
export * from './define-backend.js';
export * from './kernel.js';
export * from './support.js';
export * from './whole-graph.js';
