export { openDataset } from '@octavo/datasets/node';
export { evaluate, measureLatency, metricNamed, metrics, scoreSamples } from '@octavo/evaluation';
export { loadOnnx, type SaveOptions, saveOnnx } from '@octavo/formats/node';
export { type QuantizeOptions, quantizeModel, type Recipe, recipes } from '@octavo/quantizer';
export { createSession, type Session } from '@octavo/runtime';
export * from './sessions.js';
