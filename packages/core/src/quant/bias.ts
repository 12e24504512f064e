import type { NumberArray } from '../tensor/index.js';
import { QuantizationError } from '../tensor/index.js';
import { SMALLEST_SCALE } from './qparams.js';
import { roundHalfEven } from './rounding.js';

/** A quantized bias never comes closer to the end of int32 than a factor of two: room for the accumulated products. */
const LARGEST_BIAS = 2 ** 30;

/** A bias in integers, and the weight scales under which they mean it. */
export interface QuantizedBias {
  /** `rne(bias[c] / scales[c])`, zero point 0. */
  readonly values: Int32Array;
  /** `f32(inputScale * weightScales[c])`, one for each weight scale. */
  readonly scales: Float32Array;
  /** The given weight scales, raised where `|bias[c]| > 2^30 * inputScale * weightScales[c]`. */
  readonly weightScales: Float32Array;
  /** Indices of the raised weight scales: these channels' weights must be quantized again. */
  readonly raised: readonly number[];
}

/**
 * Quantizes a bias to int32 with scale `f32(inputScale * weightScales[c])`. A bias never saturates: a weight scale
 * that is too small for it is raised to `|bias[c]| / (2^30 * inputScale)`, and one whose product with the input scale
 * would be subnormal is raised out of that range.
 * @param weightScales One for each element of the bias, or one for all.
 * @throws QuantizationError `QUANT_PARAMS_LENGTH` when lengths do not fit, `QUANT_RANGE` for NaN or infinite biases.
 */
export function quantizeBias(
  bias: NumberArray,
  inputScale: number,
  weightScales: Float32Array,
): QuantizedBias {
  checkBias(bias, weightScales);
  const each = weightScales.length === 1 ? 0 : 1;
  const needed = Float32Array.from(weightScales, (scale) => Math.max(scale, SMALLEST_SCALE / inputScale));
  for (let c = 0; c < bias.length; c++) {
    const magnitude = Math.abs(bias[c] ?? 0);
    const scale = needed[c * each] ?? 0;
    if (magnitude > LARGEST_BIAS * inputScale * scale) {
      needed[c * each] = magnitude / (LARGEST_BIAS * inputScale);
    }
  }
  const scales = needed.map((scale) => inputScale * scale);
  const values = Int32Array.from(bias, (value, c) => roundHalfEven(value / (scales[c * each] ?? 1)));
  const raised = [...needed.keys()].filter((c) => needed[c] !== weightScales[c]);
  return { values, scales, weightScales: needed, raised };
}

function checkBias(bias: NumberArray, weightScales: Float32Array): void {
  if (weightScales.length !== 1 && weightScales.length !== bias.length) {
    throw new QuantizationError({
      code: 'QUANT_PARAMS_LENGTH',
      message: `a bias of ${bias.length} elements takes 1 or ${bias.length} weight scales, found ${weightScales.length}.`,
    });
  }
  const bad = bias.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new QuantizationError({ code: 'QUANT_RANGE', message: `bias ${bad} is ${bias[bad]}.` });
  }
}
