import { allocateIntegers, type QuantizedType, roundHalfEven } from '@octavo/core/quant';
import type { NumberArray } from '@octavo/core/tensor';
import { inverseFactor } from './cholesky.js';
import { integerRange } from './integer-range.js';
import { mse } from './mse.js';
import { searchBlocks } from './search-block.js';
import { type BlockFormat, blockType, type InputMoments, type WeightRounding } from './weight-rounding.js';

/** Share of the mean diagonal added to the Hessian (the paper's 1%). */
const DAMPING = 0.01;

/**
 * GPTQ (Frantar et al. 2022, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers",
 * arXiv:2210.17323): row by row, rounds the weights and spreads what each rounding did to the layer's output over the
 * rows still to come, by the inverse Hessian of what the layer reads; rows of later blocks get the sum of a block at its
 * end. The parameters of a block are searched for when its first row is reached, over the weights as they are then. Inputs
 * without a usable Hessian are rounded by `mse`.
 */
export const gptq: WeightRounding = {
  name: 'gptq',
  needsInputs: true,
  round(weights, format, inputs) {
    const { values, rows, columns } = weights;
    if (inputs?.gram.length !== rows * rows)
      throw new Error(`a layer of ${rows} inputs has ${rows * rows} second moments`);
    const factor = inverseFactor(damped(inputs, rows), rows);
    if (!factor) return mse.round(weights, format);
    return new Compensation(values, format, { factor, rows, columns }).run();
  },
};

/** The Gram matrix with its diagonal raised; inputs that were always 0 get the mean. */
function damped({ gram }: InputMoments, rows: number): Float64Array {
  const hessian = gram.slice();
  let trace = 0;
  for (let i = 0; i < rows; i++) trace += gram[i * (rows + 1)] ?? 0;
  const mean = trace > 0 ? trace / rows : 1;
  for (let i = 0; i < rows; i++) {
    const own = hessian[i * (rows + 1)] ?? 0;
    hessian[i * (rows + 1)] = (own > 0 ? own : mean) + DAMPING * mean;
  }
  return hessian;
}

interface Layer {
  /** U of {@link inverseFactor}. */
  readonly factor: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** The weights of one layer on their way to integers. */
class Compensation {
  private readonly work: Float32Array;
  private readonly format: BlockFormat;
  private readonly layer: Layer;
  private readonly integers: NumberArray;
  private readonly scales: Float32Array;
  private readonly zeroPoints: Int32Array;
  /** Of the present block, [rows, columns], in units of the factor's diagonal. */
  private readonly errors: Float64Array;

  constructor(values: Float32Array, format: BlockFormat, layer: Layer) {
    this.work = values.slice();
    this.format = format;
    this.layer = layer;
    this.integers = allocateIntegers(format.storage, values.length);
    const groups = Math.ceil(layer.rows / format.blockSize) * layer.columns;
    this.scales = new Float32Array(groups);
    this.zeroPoints = new Int32Array(groups);
    this.errors = new Float64Array(Math.ceil(Math.min(format.blockSize, layer.rows) / 4) * 4 * layer.columns);
  }

  run(): { readonly integers: NumberArray; readonly type: QuantizedType } {
    const { rows } = this.layer;
    const { blockSize } = this.format;
    for (let start = 0; start < rows; start += blockSize) {
      const end = Math.min(start + blockSize, rows);
      this.fitBlock(start, end);
      for (let row = start; row < end; row++) {
        this.spread(start, row, row);
        this.roundRow(row, start);
      }
      for (let later = end; later < rows; later++) this.spread(start, end, later);
    }
    return { integers: this.integers, type: blockType(this.format, this.scales, this.zeroPoints) };
  }

  private fitBlock(start: number, end: number): void {
    const { columns } = this.layer;
    const values = this.work.subarray(start * columns, end * columns);
    const { scales, zeroPoints } = searchBlocks({ values, rows: end - start, columns }, this.format);
    const at = (start / this.format.blockSize) * columns;
    this.scales.set(scales, at);
    this.zeroPoints.set(zeroPoints, at);
  }

  /** Rounds one row of the block that begins at `start`. */
  private roundRow(row: number, start: number): void {
    const { work, integers, scales, zeroPoints, errors } = this;
    const { rows, columns, factor } = this.layer;
    const { min, max } = integerRange(this.format);
    const block = (start / this.format.blockSize) * columns;
    const error = (row - start) * columns;
    const diagonal = factor[row * (rows + 1)] ?? 1;
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const scale = scales[block + column] ?? 1;
      const zeroPoint = zeroPoints[block + column] ?? 0;
      const value = work[at] ?? 0;
      const integer = Math.min(max, Math.max(min, roundHalfEven(Math.fround(value / scale)) + zeroPoint));
      integers[at] = integer;
      errors[error + column] = (value - (integer - zeroPoint) * scale) / diagonal;
    }
  }

  /** Takes from a later row, four at a time, its shares of the errors of rows `start`, where the present block begins, to `end`. */
  private spread(start: number, end: number, later: number): void {
    const { errors } = this;
    const { rows, columns, factor } = this.layer;
    const row = this.work.subarray(later * columns, (later + 1) * columns);
    for (let of = start; of < end; of += 4) {
      const at = of * rows + later;
      const a = factor[at] ?? 0;
      const b = of + 1 < end ? (factor[at + rows] ?? 0) : 0;
      const c = of + 2 < end ? (factor[at + 2 * rows] ?? 0) : 0;
      const d = of + 3 < end ? (factor[at + 3 * rows] ?? 0) : 0;
      const first = (of - start) * columns;
      for (let column = 0; column < columns; column++) {
        const e = first + column;
        const two = a * (errors[e] ?? 0) + b * (errors[e + columns] ?? 0);
        const more = c * (errors[e + 2 * columns] ?? 0) + d * (errors[e + 3 * columns] ?? 0);
        row[column] = (row[column] ?? 0) - (two + more);
      }
    }
  }
}
