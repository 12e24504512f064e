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
 * rows still to come, by the inverse Hessian of what the layer reads. The parameters of a block are searched for when its
 * first row is reached, over the weights as they are then. Inputs without a usable Hessian are rounded by `mse`.
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

  constructor(values: Float32Array, format: BlockFormat, layer: Layer) {
    this.work = values.slice();
    this.format = format;
    this.layer = layer;
    this.integers = allocateIntegers(format.storage, values.length);
    const groups = Math.ceil(layer.rows / format.blockSize) * layer.columns;
    this.scales = new Float32Array(groups);
    this.zeroPoints = new Int32Array(groups);
  }

  run(): { readonly integers: NumberArray; readonly type: QuantizedType } {
    const errors = new Float64Array(this.layer.columns);
    for (let row = 0; row < this.layer.rows; row++) {
      if (row % this.format.blockSize === 0) this.fitBlock(row);
      this.roundRow(row, errors);
      this.spread(row, errors);
    }
    return { integers: this.integers, type: blockType(this.format, this.scales, this.zeroPoints) };
  }

  private fitBlock(row: number): void {
    const { rows, columns } = this.layer;
    const { blockSize } = this.format;
    const end = Math.min(row + blockSize, rows);
    const values = this.work.subarray(row * columns, end * columns);
    const { scales, zeroPoints } = searchBlocks({ values, rows: end - row, columns }, this.format);
    const at = (row / blockSize) * columns;
    this.scales.set(scales, at);
    this.zeroPoints.set(zeroPoints, at);
  }

  /** Rounds one row; its errors are in units of the factor's diagonal. */
  private roundRow(row: number, errors: Float64Array): void {
    const { rows, columns, factor } = this.layer;
    const { min, max } = integerRange(this.format);
    const block = Math.floor(row / this.format.blockSize) * columns;
    const diagonal = factor[row * (rows + 1)] ?? 1;
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const scale = this.scales[block + column] ?? 1;
      const zeroPoint = this.zeroPoints[block + column] ?? 0;
      const value = this.work[at] ?? 0;
      const integer = Math.min(max, Math.max(min, roundHalfEven(Math.fround(value / scale)) + zeroPoint));
      this.integers[at] = integer;
      errors[column] = (value - (integer - zeroPoint) * scale) / diagonal;
    }
  }

  private spread(row: number, errors: Float64Array): void {
    const { rows, columns, factor } = this.layer;
    const { work } = this;
    for (let later = row + 1; later < rows; later++) {
      const share = factor[row * rows + later] ?? 0;
      if (share === 0) continue;
      const start = later * columns;
      for (let column = 0; column < columns; column++)
        work[start + column] = (work[start + column] ?? 0) - share * (errors[column] ?? 0);
    }
  }
}
