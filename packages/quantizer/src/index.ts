export * from './auto/index.js';
export * from './calibrate.js';
export * from './calibrate-model.js';
export * from './calibration.js';
export * from './calibration-coverage/index.js';
export {
  type CalibrationOrigin,
  requireModel,
  requireOrigin,
  type SeenData,
  samplesBegun,
  unseenData,
} from './calibration-origin.js';
export * from './explain/index.js';
export * from './judging/index.js';
export { LayerPrecisions } from './layer-precisions.js';
export type { LayerRule } from './layer-rule.js';
export * from './mixed-precision/index.js';
export * from './precision.js';
export * from './quantize.js';
export * from './quantizer-error.js';
export * from './recipe.js';
export * from './recipe-schema.js';
export * from './report.js';
export * from './restore-calibration.js';
export * from './sensitivity/index.js';
export { WEIGHT_ROUNDING_NAMES, type WeightRoundingName } from './weight-rounding/index.js';
