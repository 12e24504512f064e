export type { GateResult, Measurements, StabilityFigures } from './gate.js';
export { judgeSuite, type Verdict } from './judge.js';
export { checkMarkdown } from './markdown.js';
export { metricsOf, segmentationsOf } from './needs.js';
export { parseSuite } from './parse.js';
export type { CheckReport } from './report.js';
export { SUITE_SCHEMA, type Suite } from './schema.js';
export { compareSnapshot, parseSnapshot, type Snapshot, takeSnapshot } from './snapshot.js';
