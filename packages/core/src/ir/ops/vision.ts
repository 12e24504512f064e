import { attr } from '../attribute.js';
import { contradiction, type Dims, dimsToString, knownDim, realDType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim } from '../value.js';
import { windowDims } from '../window-dims.js';
import { convAttributes, convWindow, perChannelDims } from './conv.js';

/**
 * Boxes that overlap no better one of their class: boxes `[B, N, 4]`, scores `[B, C, N]` to rows of sample, class and
 * box. Corners may come in any order; `center_point_box` means `[x, y, width, height]`.
 */
export const NonMaxSuppression = defineOp({
  name: 'NonMaxSuppression',
  since: 10,
  inputs: ['boxes', 'scores', 'max_output_boxes_per_class?', 'iou_threshold?', 'score_threshold?'],
  outputs: ['selected_indices'],
  attributes: { center_point_box: attr.int(0) },
  inferTypes: () => [typeOf('int64', [null, 3])],
});

const roiAttributes = {
  mode: attr.oneOf('avg', 'max'),
  output_height: attr.int(1),
  output_width: attr.int(1),
  sampling_ratio: attr.int(0),
  spatial_scale: attr.float(1),
};

function roiDims(x: Dims, rois: Dims, height: number, width: number): Dims {
  return [rois?.[0] ?? null, x?.[1] ?? null, height, width];
}

/** Regions of X `[N, C, H, W]` given by their corners, pooled from bilinear samples to one size. */
export const RoiAlign = defineOp({
  name: 'RoiAlign',
  since: 16,
  inputs: ['X', 'rois', 'batch_indices'],
  outputs: ['Y'],
  attributes: {
    ...roiAttributes,
    coordinate_transformation_mode: attr.oneOf('half_pixel', 'output_half_pixel'),
  },
  inferTypes: ({ inputs, attributes: { output_height: height, output_width: width } }) => [
    typeOf(realDType(inputs.X), roiDims(inputs.X.shape, inputs.rois.shape, height, width)),
  ],
});

/** RoiAlign whose pixels have their centres at integer coordinates. */
export const RoiAlign10 = defineOp({
  name: 'RoiAlign',
  since: 10,
  inputs: ['X', 'rois', 'batch_indices'],
  outputs: ['Y'],
  attributes: roiAttributes,
  inferTypes: ({ inputs, attributes: { output_height: height, output_width: width } }) => [
    typeOf(realDType(inputs.X), roiDims(inputs.X.shape, inputs.rois.shape, height, width)),
  ],
});

function sampledDims(x: Dims, grid: Dims): Dims {
  if (!x || !grid) return undefined;
  if (grid.length !== x.length) {
    contradiction(`a grid ${dimsToString(grid)} does not sample ${dimsToString(x)}.`);
  }
  return [x[0] ?? null, x[1] ?? null, ...grid.slice(1, -1)];
}

const gridAttributes = {
  align_corners: attr.int(0),
  padding_mode: attr.oneOf('zeros', 'border', 'reflection'),
};

/** X `[N, C, spatial...]` sampled at the places of grid `[N, spatial..., rank]`: -1 to 1, innermost axis first. */
export const GridSample = defineOp({
  name: 'GridSample',
  since: 20,
  inputs: ['X', 'grid'],
  outputs: ['Y'],
  attributes: { ...gridAttributes, mode: attr.oneOf('linear', 'nearest', 'cubic') },
  inferTypes: ({ inputs }) => [typeOf(realDType(inputs.X), sampledDims(inputs.X.shape, inputs.grid.shape))],
});

/** GridSample of images, with the modes' older names. */
export const GridSample16 = defineOp({
  name: 'GridSample',
  since: 16,
  inputs: ['X', 'grid'],
  outputs: ['Y'],
  attributes: { ...gridAttributes, mode: attr.oneOf('bilinear', 'nearest', 'bicubic') },
  inferTypes: ({ inputs }) => [typeOf(realDType(inputs.X), sampledDims(inputs.X.shape, inputs.grid.shape))],
});

/** A grid for GridSample from affine maps theta `[N, rank, rank + 1]` and the size `[N, C, spatial...]`. */
export const AffineGrid = defineOp({
  name: 'AffineGrid',
  since: 20,
  inputs: ['theta', 'size'],
  outputs: ['grid'],
  attributes: { align_corners: attr.int(0) },
  inferTypes: ({ inputs, dims }) => {
    const size = dims(inputs.size);
    const shape = size && [size[0] ?? null, ...size.slice(2), size.length - 2];
    return [typeOf(inputs.theta.dtype, shape)];
  },
});

/** Sums overlapping blocks, columns of `[N, C * block, L]`, into images `[N, C, spatial...]`. */
export const Col2Im = defineOp({
  name: 'Col2Im',
  since: 18,
  inputs: ['input', 'image_shape', 'block_shape'],
  outputs: ['output'],
  attributes: { dilations: attr.ints(), pads: attr.ints(), strides: attr.ints() },
  inferTypes: ({ inputs, dims }) => {
    const [image, block] = [dims(inputs.image_shape), dims(inputs.block_shape)];
    const rows = inputs.input.shape?.[1];
    if (!image) return [typeOf(inputs.input.dtype)];
    const known = block?.every(knownDim) && knownDim(rows);
    const channels: Dim = known ? block.reduce<number>((count, size) => count / Number(size), rows) : null;
    return [typeOf(inputs.input.dtype, [inputs.input.shape?.[0] ?? null, channels, ...image])];
  },
});

/** The inverse of MaxPool: elements go back to the places that `I` remembers, zeros elsewhere. */
export const MaxUnpool = defineOp({
  name: 'MaxUnpool',
  since: 9,
  inputs: ['X', 'I', 'output_shape?'],
  outputs: ['output'],
  attributes: { kernel_shape: attr.required.ints(), pads: attr.ints(), strides: attr.ints() },
  inferTypes: ({ inputs, attributes, dims }) => {
    const fixed = dims(inputs.output_shape);
    const shape = inputs.output_shape ? fixed : inputs.X.shape && unpooledDims(inputs.X.shape, attributes);
    return [typeOf(realDType(inputs.X), shape)];
  },
});

/** `(size - 1) * stride + kernel - pads` along each spatial axis of x `[N, C, spatial...]`. */
export function unpooledDims(
  x: readonly Dim[],
  attributes: {
    readonly kernel_shape: readonly number[];
    readonly pads: readonly number[] | undefined;
    readonly strides: readonly number[] | undefined;
  },
): Dim[] {
  const { kernel_shape: kernel, pads, strides } = attributes;
  return x.map((size, index) => {
    const axis = index - 2;
    if (axis < 0 || !knownDim(size)) return size;
    const padding = (pads?.[axis] ?? 0) + (pads?.[axis + kernel.length] ?? 0);
    return (size - 1) * (strides?.[axis] ?? 1) + (kernel[axis] ?? 1) - padding;
  });
}

/**
 * Convolution of images whose kernel positions are moved by `offset` `[N, groups * 2 * kernel, H, W]` (vertical, then
 * horizontal) and weighted by `mask` `[N, groups * kernel, H, W]`.
 */
export const DeformConv = defineOp({
  name: 'DeformConv',
  since: 19,
  inputs: ['X', 'W', 'offset', 'B?', 'mask?'],
  outputs: ['Y'],
  attributes: {
    dilations: convAttributes.dilations,
    group: convAttributes.group,
    kernel_shape: convAttributes.kernel_shape,
    offset_group: attr.int(1),
    pads: convAttributes.pads,
    strides: convAttributes.strides,
  },
  inferTypes: ({ inputs, attributes }) => {
    const [x, w] = [inputs.X.shape, inputs.W.shape];
    if (!x || !w) return [typeOf(realDType(inputs.X))];
    const window = convWindow({ ...attributes, auto_pad: 'NOTSET' }, w.slice(2));
    const shape = [x[0] ?? null, w[0] ?? null, ...windowDims(x.slice(2), window)];
    return [typeOf(realDType(inputs.X), perChannelDims(shape, inputs.B))];
  },
});

export const visionOps: readonly Op[] = [
  NonMaxSuppression,
  RoiAlign,
  RoiAlign10,
  GridSample,
  GridSample16,
  AffineGrid,
  Col2Im,
  MaxUnpool,
  DeformConv,
];
