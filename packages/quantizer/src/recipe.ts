import type { ObserverName } from '@octavo/core/quant';
import type { LayerRule } from './layer-rule.js';
import type { ActivationDType, WeightDType } from './precision.js';
import type { WeightRoundingName } from './weight-rounding/index.js';

/** Which values of a model become integers, and how. */
export type Mode = 'static' | 'dynamic' | 'weight-only' | 'fp16' | 'bf16';

export const MODES: readonly Mode[] = ['static', 'dynamic', 'weight-only', 'fp16', 'bf16'];

export const IO_TYPES = ['float', 'uint8', 'int8', 'uint16', 'int16', 'float16', 'bfloat16'] as const;

/**
 * Types of the graph's own inputs and outputs: integers make a full-integer model; modes fp16 and bf16 give float32 or
 * their own.
 */
export type IoType = (typeof IO_TYPES)[number];

/** How static models are written: QuantizeLinear / DequantizeLinear pairs, or integer ops where onnxruntime has one. */
export type StaticFormat = (typeof STATIC_FORMATS)[number];

export const STATIC_FORMATS = ['qdq', 'qoperator'] as const;

/** How weight-only models are written: onnxruntime's MatMulNBits, or DequantizeLinear with blocks (opset 21). */
export type WeightOnlyFormat = (typeof WEIGHT_ONLY_FORMATS)[number];

export const WEIGHT_ONLY_FORMATS = ['matmulnbits', 'qdq'] as const;

/** What to do, as data. */
export interface Recipe {
  readonly mode: Mode;
  readonly weights: WeightDType;
  /**
   * Weights with zero point 0 or the middle of the dtype; default: signed dtypes are symmetric, unsigned are not, and
   * blocks of fewer than 8 bits are not either, whose zero point costs little and makes up for much.
   */
  readonly symmetricWeights?: boolean;
  readonly activations: ActivationDType;
  /** Activations with zero point 0, or the middle of an unsigned dtype. */
  readonly symmetricActivations: boolean;
  /** One scale for each output channel of a weight (default), or one for the tensor. */
  readonly perChannel: boolean;
  /**
   * Static, dynamic: int8 weights in [-64, 64] where they are multiplied in integers, for onnxruntime on x64 processors
   * without VNNI: it adds two products of uint8 by int8 in 16 bits there, which larger weights saturate. `@octavo/cpu` is exact.
   */
  readonly reduceRange: boolean;
  /** Weight-only: elements along the reduced axis that share a scale; 16, 32, 64, 128 or 256. */
  readonly blockSize: number;
  readonly format: StaticFormat;
  readonly weightOnlyFormat: WeightOnlyFormat;
  /**
   * Weight-only: how weights in blocks become integers. By default `gptq` below 8 bits where there are calibration
   * samples; else `nearest`, which the writer does layer by layer. `mse` and `hqq` search without samples.
   */
  readonly rounding?: WeightRoundingName;
  readonly observer: ObserverName;
  /** Percentile observer: percentage of the elements to keep inside the range, above 50; default 99.99. */
  readonly percentile?: number;
  /**
   * Static: least expected SQNR in dB of what a layer reads. A layer whose input is wider than its integers can tell apart
   * gets quantized weights only. The default is four effective bits.
   */
  readonly leastSqnr: number;
  /** Globs over node names and op types, or `a..b` for the nodes between two values; only matching nodes are quantized when there is any. */
  readonly include: readonly string[];
  /** Such patterns of nodes that stay float. */
  readonly exclude: readonly string[];
  /** Exceptions from all of the above by node; later rules win. */
  readonly layers: readonly LayerRule[];
  readonly io: IoType;
  /** Fail instead of clamping where a constant does not fit fp16 or bf16. */
  readonly strict: boolean;
}

/** QDQ, uint8 asymmetric activations, int8 symmetric per-channel weights, min-max. */
export const RECIPE_DEFAULTS: Recipe = {
  mode: 'static',
  weights: 'int8',
  activations: 'uint8',
  symmetricActivations: false,
  perChannel: true,
  reduceRange: false,
  blockSize: 32,
  format: 'qdq',
  weightOnlyFormat: 'matmulnbits',
  observer: 'minmax',
  leastSqnr: 24,
  include: [],
  exclude: [],
  layers: [],
  io: 'float',
  strict: false,
};

/** Ready recipes; each takes changes. */
export const recipes = {
  staticInt8: (changes: Partial<Recipe> = {}): Recipe => ({ ...RECIPE_DEFAULTS, ...changes, mode: 'static' }),
  dynamicInt8: (changes: Partial<Recipe> = {}): Recipe => ({
    ...RECIPE_DEFAULTS,
    ...changes,
    mode: 'dynamic',
  }),
  weightOnlyInt8: (changes: Partial<Recipe> = {}): Recipe => ({
    ...RECIPE_DEFAULTS,
    ...changes,
    mode: 'weight-only',
    weights: 'int8',
  }),
  weightOnlyInt4: (changes: Partial<Recipe> = {}): Recipe => ({
    ...RECIPE_DEFAULTS,
    weights: 'int4',
    ...changes,
    mode: 'weight-only',
  }),
  fp16: (changes: Partial<Recipe> = {}): Recipe => ({ ...RECIPE_DEFAULTS, ...changes, mode: 'fp16' }),
  bf16: (changes: Partial<Recipe> = {}): Recipe => ({ ...RECIPE_DEFAULTS, ...changes, mode: 'bf16' }),
} as const;
