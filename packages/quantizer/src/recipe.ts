import type { ObserverName } from '@octavo/core/quant';

/** Which values of a model become integers, and how. */
export type Mode = 'static' | 'dynamic' | 'weight-only' | 'fp16';

export const MODES: readonly Mode[] = ['static', 'dynamic', 'weight-only', 'fp16'];

export type WeightDType = 'int8' | 'uint8' | 'int4' | 'uint4';
export type ActivationDType = 'uint8' | 'int8';

/** Types of the graph's own inputs and outputs: integers make a full-integer model. */
export type IoType = 'float' | 'uint8' | 'int8';

/** How weight-only models are written: onnxruntime's MatMulNBits, or DequantizeLinear with blocks (opset 21). */
export type WeightOnlyFormat = 'matmulnbits' | 'qdq';

/** What to do, as data. */
export interface Recipe {
  readonly mode: Mode;
  readonly weights: WeightDType;
  readonly activations: ActivationDType;
  /** One scale for each output channel of a weight (default), or one for the tensor. */
  readonly perChannel: boolean;
  /** Weight-only: elements along the reduced axis that share a scale; 16, 32, 64, 128 or 256. */
  readonly blockSize: number;
  readonly weightOnlyFormat: WeightOnlyFormat;
  readonly observer: ObserverName;
  /** Globs over node names and op types; only matching nodes are quantized when there is any. */
  readonly include: readonly string[];
  /** Globs over node names and op types that stay float. */
  readonly exclude: readonly string[];
  readonly io: IoType;
  /** Fail instead of clamping where a value does not fit fp16. */
  readonly strict: boolean;
}

/** QDQ, uint8 asymmetric activations, int8 symmetric per-channel weights, min-max. */
export const RECIPE_DEFAULTS: Recipe = {
  mode: 'static',
  weights: 'int8',
  activations: 'uint8',
  perChannel: true,
  blockSize: 32,
  weightOnlyFormat: 'matmulnbits',
  observer: 'minmax',
  include: [],
  exclude: [],
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
} as const;
