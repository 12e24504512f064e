import { toNumbers } from '../../tensor/index.js';
import { attr } from '../attribute.js';
import { axisIn, contradiction, type Dims, knownDim, knownShape, realDType, typeOf } from '../dims.js';
import { defineOp, type NodeContext, type Op } from '../op.js';
import type { Dim, Value } from '../value.js';

export type KeepAspectRatio = 'stretch' | 'not_larger' | 'not_smaller';

/** The new size of some axes (default all): either `scales` or `sizes`, one entry an axis. */
export interface ResizeTarget {
  readonly scales?: readonly number[] | undefined;
  readonly sizes?: readonly number[] | undefined;
  readonly axes?: readonly number[] | undefined;
  readonly policy?: KeepAspectRatio | undefined;
}

/** How one axis is resized; `scale` is what the coordinate transformation uses. */
export interface ResizedAxis {
  readonly axis: number;
  readonly scale: number;
  readonly size: number;
}

/** The axes that a resize names, each with scale and new size (ONNX Resize). Throws `INFER_TYPES` without target. */
export function resizedAxes(shape: readonly number[], target: ResizeTarget): ResizedAxis[] {
  const axes = (target.axes ?? [...shape.keys()]).map((axis) => axisIn(axis, shape.length));
  const { scales, sizes, policy = 'stretch' } = target;
  if ((scales ?? sizes)?.length !== axes.length) {
    contradiction(`a resize of ${axes.length} axes needs as many scales or sizes.`);
  }
  const ratios = axes.map((axis, i) => scales?.[i] ?? (sizes?.[i] ?? 0) / (shape[axis] ?? 1));
  const common = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return axes.map((axis, i) => {
    const from = shape[axis] ?? 0;
    if (scales) return { axis, scale: ratios[i] ?? 1, size: Math.floor(from * (ratios[i] ?? 1)) };
    if (policy === 'stretch') return { axis, scale: ratios[i] ?? 1, size: sizes?.[i] ?? 0 };
    return { axis, scale: common, size: Math.floor(common * from + 0.5) };
  });
}

function resizedDims(shape: Dims, target: ResizeTarget): Dims {
  const known = knownShape(shape);
  if (!shape || (!target.scales && !target.sizes)) return shape?.map(() => null);
  const dims: Dim[] = [...shape];
  if (known) {
    for (const { axis, size } of resizedAxes(known, target)) dims[axis] = size;
    return dims;
  }
  const exact = !target.policy || target.policy === 'stretch';
  (target.axes ?? [...shape.keys()]).forEach((axis, i) => {
    const at = axisIn(axis, shape.length);
    dims[at] = target.scales
      ? scaledDim(shape[at] ?? null, target.scales[i] ?? 1)
      : exact
        ? (target.sizes?.[i] ?? null)
        : null;
  });
  return dims;
}

function scaledDim(dim: Dim, scale: number): Dim {
  if (scale === 1) return dim;
  return knownDim(dim) ? Math.floor(dim * scale) : null;
}

function constantNumbers(context: NodeContext, value: Value | undefined): readonly number[] | undefined {
  const tensor = context.constant(value);
  return tensor && tensor.size > 0 ? Array.from(toNumbers(tensor)) : undefined;
}

/** Semantics with scales only: asymmetric coordinates, nearest rounds down. */
export const Resize10 = defineOp({
  name: 'Resize',
  since: 10,
  inputs: ['X', 'scales'],
  outputs: ['Y'],
  attributes: { mode: attr.oneOf('nearest', 'linear') },
  inferTypes: (context) => {
    const { X, scales } = context.inputs;
    return [typeOf(realDType(X), resizedDims(X.shape, { scales: constantNumbers(context, scales) }))];
  },
});

/** Exactly one of `scales` and `sizes` is present and not empty. `roi` is for `tf_crop_and_resize`. */
export const Resize = defineOp({
  name: 'Resize',
  since: 11,
  inputs: ['X', 'roi?', 'scales?', 'sizes?'],
  outputs: ['Y'],
  attributes: {
    mode: attr.oneOf('nearest', 'linear', 'cubic'),
    coordinate_transformation_mode: attr.oneOf(
      'half_pixel',
      'half_pixel_symmetric',
      'pytorch_half_pixel',
      'align_corners',
      'asymmetric',
      'tf_half_pixel_for_nn',
      'tf_crop_and_resize',
    ),
    nearest_mode: attr.oneOf('round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'),
    cubic_coeff_a: attr.float(-0.75),
    exclude_outside: attr.int(0),
    extrapolation_value: attr.float(0),
    antialias: attr.int(0),
    axes: attr.ints(),
    keep_aspect_ratio_policy: attr.oneOf('stretch', 'not_larger', 'not_smaller'),
  },
  inferTypes: (context) => {
    const { X, scales, sizes } = context.inputs;
    const { axes, keep_aspect_ratio_policy: policy } = context.attributes;
    const known = knownShape(context.dims(sizes));
    const target = known?.length ? { sizes: known } : { scales: constantNumbers(context, scales) };
    return [typeOf(realDType(X), resizedDims(X.shape, { ...target, axes, policy }))];
  },
});

/** Old name of Resize: semantics with the scales as an attribute. */
export const Upsample7 = defineOp({
  name: 'Upsample',
  since: 7,
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { mode: attr.oneOf('nearest', 'linear'), scales: attr.required.floats() },
  inferTypes: ({ inputs: { X }, attributes: { scales } }) => [
    typeOf(realDType(X), resizedDims(X.shape, { scales })),
  ],
});

/** Old name of Resize: semantics with the scales as an input. */
export const Upsample = defineOp({
  name: 'Upsample',
  since: 9,
  inputs: ['X', 'scales'],
  outputs: ['Y'],
  attributes: { mode: attr.oneOf('nearest', 'linear') },
  inferTypes: (context) => {
    const { X, scales } = context.inputs;
    return [typeOf(realDType(X), resizedDims(X.shape, { scales: constantNumbers(context, scales) }))];
  },
});

export const resizeOps: readonly Op[] = [Resize10, Resize, Upsample7, Upsample];
