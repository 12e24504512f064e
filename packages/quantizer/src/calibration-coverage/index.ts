export * from './coverage.js';
export * from './observe-set.js';
export type { RangeGap } from './range-gaps.js';
export { type FeatureRange, type ProfiledSample, SampleProfile } from './sample-profile.js';
export type { SegmentGap } from './segment-gaps.js';
