import type { QuantizedType, StorageDType } from '@octavo/core/quant';
import type { NumberArray } from '@octavo/core/tensor';

/** A weight matrix W [rows, columns], row-major; products sum over the rows, and blocks lie along them. */
export interface WeightMatrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** The integers wanted. */
export interface BlockFormat {
  readonly storage: StorageDType;
  readonly symmetric: boolean;
  /** Rows that share a scale (and zero point) in each column; the last block may be short. */
  readonly blockSize: number;
}

/** What a layer reads, over calibration samples. */
export interface InputMoments {
  /** `sum of x xT` over all rows x that the layer read, [rows, rows] row-major and symmetric. */
  readonly gram: Float64Array;
}

/** A matrix in integers, both arrays over [rows, columns]. */
export interface RoundedWeights {
  readonly integers: NumberArray;
  /** Per block along axis 0. */
  readonly type: QuantizedType;
}

/** Rounds one matrix. Throws QuantizationError `QUANT_RANGE` for NaN or infinite weights. */
export type RoundMatrix = (weights: WeightMatrix, format: BlockFormat) => RoundedWeights;

/** A way to choose scales, zero points and integers of a weight matrix in blocks. */
export interface WeightRounding {
  readonly name: string;
  /** Whether it learns from calibration samples. */
  readonly needsInputs: boolean;
  /**
   * @param inputs Present where `needsInputs`.
   * @throws QuantizationError `QUANT_RANGE` for NaN or infinite weights.
   */
  round(weights: WeightMatrix, format: BlockFormat, inputs?: InputMoments): RoundedWeights;
}

/** The quantized type of a matrix with given block parameters, [blocks, columns] each. */
export function blockType(
  { storage, symmetric, blockSize }: BlockFormat,
  scales: Float32Array,
  zeroPoints: Int32Array,
): QuantizedType {
  const granularity = { kind: 'per-block', axis: 0, blockSize } as const;
  return { storage, expressed: 'float32', granularity, symmetric, scales, zeroPoints };
}
