export { cpu } from './backend/cpu.js';
export type { ByteArray, OutputArray } from './binding.js';
export {
  type Conv2dOptions,
  type Conv2dWeightsToPack,
  conv2d,
  conv2dOutputSize,
  type Layout,
  type PackedConv2d,
  packConv2d,
} from './conv2d.js';
export { CpuError } from './cpu-error.js';
export type {
  Epilogue,
  Float32Epilogue,
  Int32Epilogue,
  OutputOf,
  QuantizedEpilogue,
} from './epilogue.js';
export {
  type LeftHandSide,
  type MatmulIntegerOptions,
  type MatmulOptions,
  matmul,
  matmulInteger,
} from './gemm.js';
export { bindingCandidates, type LoadedBinding, loadBinding } from './load-binding.js';
export { type PackedWeights, packWeights, type WeightsToPack } from './packed-weights.js';
export { currentPlatforms, PLATFORMS, type Platform } from './platforms.js';
export { type CpuProbe, probe } from './probe.js';
