export * from './create-session.js';
export * from './evaluate.js';
export * from './explain.js';
export * from './partition.js';
export * from './session.js';
export * from './session-error.js';
