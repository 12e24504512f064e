export { cpu } from './backend/cpu.js';
export type { ByteArray, OutputArray } from './binding.js';
export {
  type BlockMatmulOptions,
  type BlockWeightsToPack,
  blockMatmul,
  type PackedBlockWeights,
  packBlockWeights,
} from './block-gemm.js';
export {
  type Conv2dOptions,
  type Conv2dWeightsToPack,
  conv2d,
  type PackedConv2d,
  packConv2d,
} from './conv2d.js';
export { type Conv2dGeometry, conv2dOutputSize, type Layout } from './conv2d-geometry.js';
export { CpuError } from './cpu-error.js';
export type {
  Epilogue,
  Float32Epilogue,
  Int32Epilogue,
  OutputOf,
  QuantizedEpilogue,
  QuantizedResidual,
} from './epilogue.js';
export {
  type FloatConv2dOptions,
  type FloatConv2dWeightsToPack,
  floatConv2d,
  type PackedFloatConv2d,
  packFloatConv2d,
} from './float-conv2d.js';
export type { FloatActivation, FloatEpilogue } from './float-epilogue.js';
export {
  type FloatCompute,
  type FloatMatmulOptions,
  type FloatWeightsToPack,
  floatMatmul,
  type PackedFloatWeights,
  packFloatWeights,
} from './float-gemm.js';
export { floatScan } from './float-scan.js';
export {
  type LeftHandSide,
  type MatmulIntegerOptions,
  type MatmulOptions,
  matmul,
  matmulInteger,
} from './gemm.js';
export { fromHalf, type HalfType, toHalf } from './half-floats.js';
export { bindingCandidates, type LoadedBinding, loadBinding } from './load-binding.js';
export { packNibbles, unpackNibbles } from './nibbles.js';
export { type PackedWeights, packWeights, type WeightsToPack } from './packed-weights.js';
export { measurePeak, type Peak, type PeakKind, type PeakOptions } from './peak.js';
export { currentPlatforms, PLATFORMS, type Platform } from './platforms.js';
export { type CpuProbe, probe } from './probe.js';
export {
  dequantize,
  type QuantizedArray,
  type QuantizedRows,
  quantize,
  quantizeRows,
  type TensorQuantization,
} from './quantize.js';
