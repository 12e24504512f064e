import { fromNumbers, isFloat, type Tensor } from '@octavo/core/tensor';
import { integerRange } from '../cast.js';
import { DatasetError } from '../dataset-error.js';
import type { Extent, ImagePlan } from './image-plan.js';

/** Decoded pixels, row by row, channels interleaved: 3 (red, green, blue) or 1 (gray), 0 to 255. */
export interface Pixels extends Extent {
  readonly channels: number;
  readonly data: Uint8Array;
}

/**
 * The input tensor of decoded and resized pixels: `(pixel * scale - mean) / std` in float64, rounded once to the
 * input's dtype; integer inputs round to nearest and saturate, or quantize what is no plain uint8 pixel.
 * @throws DatasetError `DATASET_SHAPE` when the image's size is not the input's.
 */
export function imageTensor(pixels: Pixels, plan: ImagePlan, where: string): Tensor {
  const { height, width, channels, data } = pixels;
  const planar = plan.layout === 'NCHW';
  const own = planar ? [channels, height, width] : [height, width, channels];
  const dims = plan.input.shape ?? [1, ...own];
  const wanted = dims.slice(-3);
  if (own.some((size, i) => typeof wanted[i] === 'number' && wanted[i] !== size)) {
    throw new DatasetError({
      code: 'DATASET_SHAPE',
      where,
      message: `input ${plan.input.name} takes [${wanted.map((dim) => dim ?? '?').join(', ')}], the image gives [${own.join(', ')}].`,
      remedy: 'Set size, crop, layout and order in the preprocessing file.',
    });
  }
  const values = new Float64Array(data.length);
  const area = height * width;
  for (let channel = 0; channel < channels; channel++) {
    const source = plan.order === 'BGR' ? channels - 1 - channel : channel;
    const table = valuesOf(plan, channel);
    for (let i = 0; i < area; i++) {
      values[planar ? channel * area + i : i * channels + channel] =
        table[data[i * channels + source] ?? 0] ?? 0;
    }
  }
  const shape = dims.length === 4 ? [1, ...own] : own;
  const { dtype, quantize } = plan.input;
  return takesReals(plan) && quantize
    ? quantize(fromNumbers('float32', shape, values))
    : fromNumbers(dtype, shape, values);
}

/** The value of each of the 256 pixels in one channel of the input. */
function valuesOf(plan: ImagePlan, channel: number): Float64Array {
  const { scale, mean, std, input } = plan;
  const isReal = isFloat(input.dtype) || takesReals(plan);
  return Float64Array.from({ length: 256 }, (_, pixel) => {
    const value = (pixel * (scale[channel] ?? 1) - (mean[channel] ?? 0)) / (std[channel] ?? 1);
    if (isReal) return value;
    const { min, max } = integerRange(input.dtype);
    return Math.min(Math.max(Math.round(value), min), max);
  });
}

/** Whether a quantized input takes the values as real numbers: all but bytes, which it takes as they are. */
function takesReals({ scale, mean, std, input: { dtype, quantize } }: ImagePlan): boolean {
  const areBytes = [...scale, ...std].every((each) => each === 1) && mean.every((each) => each === 0);
  return quantize !== undefined && !(areBytes && dtype === 'uint8');
}
