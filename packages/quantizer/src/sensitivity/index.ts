export * from './estimate-sensitivity.js';
export * from './layer-statistics.js';
export * from './measure-sensitivity.js';
export * from './sensitivity.js';
