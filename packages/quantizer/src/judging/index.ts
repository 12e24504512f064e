export * from './judge.js';
export * from './limit.js';
export * from './target.js';
export * from './trials.js';
