import {
  type ObserverName,
  type QuantRange,
  REDUCED_INT8,
  type StorageDType,
  storageRange,
} from '@octavo/core/quant';

export const WEIGHT_DTYPES = ['int8', 'uint8', 'int4', 'uint4', 'int2', 'uint2', 'int16', 'uint16'] as const;
export const ACTIVATION_DTYPES = ['uint8', 'int8', 'uint16', 'int16'] as const;
export const GRANULARITIES = ['per-channel', 'per-tensor', 'per-block'] as const;
export const BLOCK_SIZES = [16, 32, 64, 128, 256] as const;

export type WeightDType = (typeof WEIGHT_DTYPES)[number];
export type ActivationDType = (typeof ACTIVATION_DTYPES)[number];

/** Integers of a weight. */
export interface WeightPrecision {
  readonly dtype: WeightDType;
  /** Zero point 0, or the middle of an unsigned dtype. */
  readonly symmetric: boolean;
  /** One scale a tensor, an output channel, or `blockSize` elements along the reduced axis. */
  readonly granularity: (typeof GRANULARITIES)[number];
  readonly blockSize: number;
  /** Only the integers of `REDUCED_INT8`; of int8 in integer products. */
  readonly reduceRange?: boolean;
}

/** Integers of the activations that a node reads, and how their range is chosen. */
export interface ActivationPrecision {
  readonly dtype: ActivationDType;
  readonly symmetric: boolean;
  readonly observer: ObserverName;
  /** Of the percentile observer; its own default when absent. */
  readonly percentile?: number;
}

/** How one node is computed. Float weights keep the node float; float activations make it weight-only. */
export interface LayerPrecision {
  readonly weights: WeightPrecision | 'float';
  readonly activations: ActivationPrecision | 'float';
}

/** Bits of an integer dtype. */
export function bitsOf(dtype: StorageDType): number {
  return Number(/\d+$/.exec(dtype)?.[0]);
}

/** Whether products of such activations and weights are summed in 32-bit integers. */
export function hasIntegerSums(weights: WeightPrecision, activations: ActivationPrecision): boolean {
  return bitsOf(weights.dtype) <= 8 && bitsOf(activations.dtype) <= 8 && weights.granularity !== 'per-block';
}

/** The integers that a weight may have. */
export function integersOf({ dtype, reduceRange }: WeightPrecision): QuantRange {
  return reduceRange ? REDUCED_INT8 : storageRange(dtype);
}

/** The same weights where they are in no integer product, or in none that saturates: with every integer of their dtype. */
export function wholeRange({ reduceRange: _, ...precision }: WeightPrecision): WeightPrecision {
  return precision;
}

/** The least opset in which a DequantizeLinear holds such integers. */
export function opsetOf(precision: WeightPrecision | ActivationPrecision): number {
  const bits = bitsOf(precision.dtype);
  if (bits === 2) return 25;
  const isBlocked = 'granularity' in precision && precision.granularity === 'per-block';
  return bits === 8 && !isBlocked ? 13 : 21;
}

/** A weight's integers in words. */
export function describeWeights(precision: WeightPrecision): string {
  const { dtype, symmetric, granularity, blockSize, reduceRange } = precision;
  const usual = symmetric !== dtype.startsWith('u');
  const unusual = usual ? '' : symmetric ? 'symmetric ' : 'asymmetric ';
  return granularity === 'per-block'
    ? `${unusual}${dtype} weights in blocks of ${blockSize}`
    : `${unusual}${dtype} ${granularity} weights${reduceRange ? ' of 7 bits' : ''}`;
}
