import { attr } from '../attribute.js';
import { contradiction, type Dims, dimsToString, knownDim, mergeDim, realDType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim, Value } from '../value.js';
import { transposedWindowDims, type Window, windowDims } from '../window-dims.js';

/** The attributes that place a convolution's window. */
export const convAttributes = {
  auto_pad: attr.oneOf('NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'),
  dilations: attr.ints(),
  group: attr.int(1),
  kernel_shape: attr.ints(),
  pads: attr.ints(),
  strides: attr.ints(),
};

/** A convolution's window attributes, typed. */
export interface ConvAttributes {
  readonly auto_pad: 'NOTSET' | 'SAME_UPPER' | 'SAME_LOWER' | 'VALID';
  readonly dilations: readonly number[] | undefined;
  readonly group: number;
  readonly kernel_shape: readonly number[] | undefined;
  readonly pads: readonly number[] | undefined;
  readonly strides: readonly number[] | undefined;
}

/** The window that a convolution with weights of spatial size `kernel` slides. */
export function convWindow<K extends Dim>(
  attributes: ConvAttributes,
  kernel: readonly K[],
): Window & { readonly kernel: readonly K[] } {
  return {
    kernel,
    strides: attributes.strides,
    dilations: attributes.dilations,
    pads: attributes.pads,
    autoPad: attributes.auto_pad,
  };
}

/** The shape `[N, M, spatial...]` of a convolution of x `[N, C, spatial...]` with w `[M, C / group, kernel...]`. */
export function convDims(x: Dims, w: Dims, attributes: ConvAttributes): Dims {
  if (!x) return undefined;
  if (x.length < 3 || (w && w.length !== x.length)) {
    contradiction(`an input ${dimsToString(x)} does not convolve with weights ${dimsToString(w)}.`);
  }
  const channels = x[1] ?? null;
  const perGroup = w?.[1] ?? null;
  if (knownDim(channels) && knownDim(perGroup) && channels !== perGroup * attributes.group) {
    contradiction(`${channels} channels do not divide into ${attributes.group} groups of ${perGroup}.`);
  }
  const kernel = w?.slice(2) ?? attributes.kernel_shape ?? x.slice(2).map(() => null);
  return [x[0] ?? null, w?.[0] ?? null, ...windowDims(x.slice(2), convWindow(attributes, kernel))];
}

/** A result `[N, M, ...]` plus a vector of one number a channel. Throws `INFER_TYPES` when their sizes differ. */
export function perChannelDims(shape: Dims, vector: Value | undefined): Dims {
  if (!shape || vector?.shape?.length !== 1) return shape;
  return shape.map((dim, axis) => (axis === 1 ? mergeDim(dim, vector.shape?.[0] ?? null) : dim));
}

/** Convolution of X `[N, C, spatial...]` with W `[M, C / group, kernel...]` plus bias B `[M]`. */
export const Conv = defineOp({
  name: 'Conv',
  inputs: ['X', 'W', 'B?'],
  outputs: ['Y'],
  attributes: convAttributes,
  inferTypes: ({ inputs, attributes }) => [
    typeOf(
      realDType(inputs.X),
      perChannelDims(convDims(inputs.X.shape, inputs.W.shape, attributes), inputs.B),
    ),
  ],
});

/** The transpose of a convolution: X `[N, C, spatial...]`, W `[C, M / group, kernel...]`, B `[M]`. */
export const ConvTranspose = defineOp({
  name: 'ConvTranspose',
  inputs: ['X', 'W', 'B?'],
  outputs: ['Y'],
  attributes: { ...convAttributes, output_padding: attr.ints(), output_shape: attr.ints() },
  inferTypes: ({ inputs, attributes }) => {
    const [x, w] = [inputs.X.shape, inputs.W.shape];
    if (!x) return [typeOf(realDType(inputs.X))];
    if (x.length < 3 || (w && w.length !== x.length)) {
      contradiction(`an input ${dimsToString(x)} does not convolve with weights ${dimsToString(w)}.`);
    }
    const kernel = w?.slice(2) ?? attributes.kernel_shape ?? x.slice(2).map(() => null);
    const spatial = transposedWindowDims(x.slice(2), {
      ...convWindow(attributes, kernel),
      outputPadding: attributes.output_padding,
      outputShape: attributes.output_shape,
    });
    const perGroup = w?.[1];
    const channels = knownDim(perGroup) ? perGroup * attributes.group : null;
    return [typeOf(realDType(inputs.X), perChannelDims([x[0] ?? null, channels, ...spatial], inputs.B))];
  },
});

export const convOps: readonly Op[] = [Conv, ConvTranspose];
