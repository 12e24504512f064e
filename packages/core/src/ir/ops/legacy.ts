import { attr } from '../attribute.js';
import { contradiction, knownDim, realDType, sameType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim } from '../value.js';

/** `alpha * X + beta`. Experimental ops like this one were never standard, but old converters emit them. */
export const Affine = defineOp({
  name: 'Affine',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: attr.float(1), beta: attr.float(0) },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `scale * input + bias[channel]` of images [N, C, H, W]. */
export const ImageScaler = defineOp({
  name: 'ImageScaler',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { scale: attr.float(1), bias: attr.floats() },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** Removes `border` (left, top, right, bottom) from images [N, C, H, W], or keeps `scale` (H, W) from left and top. */
export const Crop = defineOp({
  name: 'Crop',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { border: attr.required.ints(), scale: attr.ints() },
  inferTypes: ({ inputs: { input }, attributes: { border, scale } }) => {
    const shape = input.shape;
    if (!shape) return [typeOf(realDType(input))];
    if (shape.length !== 4 || border.length !== 4) contradiction('Crop needs rank 4 and 4 borders.');
    const [left = 0, top = 0, right = 0, bottom = 0] = border;
    const cropped = (dim: Dim | undefined, total: number) => (knownDim(dim) ? dim - total : null);
    const [height, width] = scale ?? [cropped(shape[2], top + bottom), cropped(shape[3], left + right)];
    return [typeOf(realDType(input), [shape[0] ?? null, shape[1] ?? null, height ?? null, width ?? null])];
  },
});

export const legacyOps: readonly Op[] = [Affine, ImageScaler, Crop];
