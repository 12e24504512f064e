import { constantQparams, groupRanges, type Qparams, type QuantizedType } from '@octavo/core/quant';
import { type BlockFormat, blockType, type WeightMatrix } from './weight-rounding.js';

/** Chooses the parameters of one block. */
export type FitBlock = (block: Float64Array) => Qparams;

/**
 * The type of a matrix whose blocks have the parameters that `fit` chooses; blocks of equal elements are reproduced
 * exactly.
 * @throws QuantizationError `QUANT_RANGE` for NaN or infinite weights.
 */
export function fitBlocks(weights: WeightMatrix, format: BlockFormat, fit: FitBlock): QuantizedType {
  const { values, rows, columns } = weights;
  const { storage, symmetric, blockSize } = format;
  const granularity = { kind: 'per-block', axis: 0, blockSize } as const;
  const ranges = groupRanges(values, [rows, columns], granularity);
  const groups = ranges.min.length;
  const scales = new Float32Array(groups);
  const zeroPoints = new Int32Array(groups);
  const memory = new Float64Array(blockSize);
  for (let group = 0; group < groups; group++) {
    const column = group % columns;
    const first = ((group - column) / columns) * blockSize;
    const block = memory.subarray(0, Math.min(blockSize, rows - first));
    for (let i = 0; i < block.length; i++) block[i] = values[(first + i) * columns + column] ?? 0;
    const equal = ranges.min[group] === ranges.max[group];
    const { scale, zeroPoint } = equal ? constantQparams(block[0] ?? 0, storage, symmetric) : fit(block);
    scales[group] = scale;
    zeroPoints[group] = zeroPoint;
  }
  return blockType(format, scales, zeroPoints);
}
