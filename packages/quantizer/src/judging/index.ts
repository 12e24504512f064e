export * from './choice-warnings.js';
export * from './judge.js';
export * from './limit.js';
export * from './slower-than-original.js';
export * from './target.js';
export * from './trials.js';
export * from './undecided.js';
