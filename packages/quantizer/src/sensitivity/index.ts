export * from './estimate-sensitivity.js';
export * from './gather-sensitive.js';
export * from './layer-statistics.js';
export * from './measure-sensitivity.js';
export type { StatisticsOptions } from './observe-taps.js';
export * from './sensitivity.js';
export type { SensitiveStatistics } from './subject.js';
export * from './unranked.js';
