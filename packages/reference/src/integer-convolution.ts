import { requantizationMultipliers, requantize, storeIntegers } from '@octavo/core/quant';
import { type NumberArray, type Shape, Tensor } from '@octavo/core/tensor';
import { type Convolution, convolve, volume } from './convolution.js';
import type { IntegerResult } from './integer-product.js';

/** Weights minus the zero points along `axis` (that of the output channels); one zero point serves all. */
export function centeredWeights(
  values: NumberArray,
  shape: Shape,
  zeroPoints: ArrayLike<number>,
  axis: number,
): Float32Array {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const channels = shape[axis] ?? 1;
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const channel = Math.floor(i / inner) % channels;
    out[i] = (values[i] ?? 0) - (zeroPoints[channel % zeroPoints.length] ?? 0);
  }
  return out;
}

/**
 * Convolution (or, with `convolveTransposed`, its transpose) of `x - zeroPoint` with centered weights plus bias, in int32
 * modulo 2^32; padding is the real 0.
 */
export function integerConvolution(
  x: NumberArray,
  zeroPoint: number,
  weights: Float32Array,
  bias: ArrayLike<number> | undefined,
  plan: Convolution,
  multiply: typeof convolve = convolve,
): Int32Array {
  const centered = new Float32Array(x.length);
  for (let i = 0; i < centered.length; i++) centered[i] = (x[i] ?? 0) - zeroPoint;
  const sums = multiply(centered, weights, plan);
  const plane = volume(plan.output);
  if (bias) {
    for (let i = 0; i < sums.length; i++) {
      sums[i] = (sums[i] ?? 0) + (bias[Math.floor(i / plane) % plan.outChannels] ?? 0);
    }
  }
  return new Int32Array(sums);
}

/** Accumulators `[N, M, spatial...]` to stored integers; scales of one group of output channels repeat. */
export function requantizeConvolution(
  accumulators: Int32Array,
  plan: Convolution,
  xScale: number,
  wScales: Float32Array,
  y: IntegerResult,
): Tensor {
  const integers = requantize(accumulators, plan.shape, {
    multipliers: requantizationMultipliers(xScale, channelScales(wScales, plan), y.scale),
    zeroPoint: y.zeroPoint,
    storage: y.storage,
    axis: 1,
  });
  return storeIntegers(y.storage, plan.shape, integers);
}

/** Requantized to `y`, or `f32(f32(acc) * f32(s_x * s_w[c]))` where the result is float. */
export function finishConvolution(
  accumulators: Int32Array,
  plan: Convolution,
  xScale: number,
  wScales: Float32Array,
  y: IntegerResult | undefined,
): Tensor {
  if (y) return requantizeConvolution(accumulators, plan, xScale, wScales, y);
  const scales = wScales.map((scale) => xScale * scale);
  const plane = volume(plan.output);
  const real = Float32Array.from(accumulators, (sum, i) => {
    const channel = Math.floor(i / plane) % plan.outChannels;
    return Math.fround(sum) * (scales[channel % scales.length] ?? 1);
  });
  return new Tensor('float32', plan.shape, real);
}

/** One scale for all, or one for each output channel: the scales of one group repeat. */
function channelScales(scales: Float32Array, { outChannels }: Convolution): Float32Array {
  if (scales.length === 1) return scales;
  return Float32Array.from({ length: outChannels }, (_, m) => scales[m % scales.length] ?? 1);
}
