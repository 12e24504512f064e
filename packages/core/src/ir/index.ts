export * from './attribute.js';
export * from './graph.js';
export * from './model.js';
export * from './node.js';
export * from './op.js';
export * from './pass.js';
export * from './registry.js';
export * from './value.js';
