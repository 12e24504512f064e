export { evaluate, measureLatency, metricNamed, metrics, scoreSamples } from '@octavo/evaluation/scoring';
export { loadOnnx, type SaveOptions, saveOnnx } from '@octavo/formats/node';
export type { QuantizeOptions } from '@octavo/quantizer';
export { type Recipe, recipes } from '@octavo/quantizer/recipe';
export type { Session } from '@octavo/runtime';
export { createSession, type SessionOptions } from './create-session.js';
export { openDataset, quantizeModel } from './loaded-later.js';
export * from './sessions.js';
