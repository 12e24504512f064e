import { attr } from '../attribute.js';
import { contradiction, type Dims, dimsToString, realDType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import { type AutoPad, type Window, windowDims } from '../window-dims.js';

/** The attributes that place a pooling window. */
export const poolAttributes = {
  auto_pad: attr.oneOf('NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'),
  ceil_mode: attr.int(0),
  dilations: attr.ints(),
  kernel_shape: attr.required.ints(),
  pads: attr.ints(),
  strides: attr.ints(),
};

/** A pooling op's window attributes, typed. */
export interface PoolAttributes {
  readonly auto_pad: AutoPad;
  readonly ceil_mode: number;
  readonly dilations: readonly number[] | undefined;
  readonly kernel_shape: readonly number[];
  readonly pads: readonly number[] | undefined;
  readonly strides: readonly number[] | undefined;
}

/** The window that a pooling op slides. */
export function poolWindow(attributes: PoolAttributes): Window & { readonly kernel: readonly number[] } {
  return {
    kernel: attributes.kernel_shape,
    strides: attributes.strides,
    dilations: attributes.dilations,
    pads: attributes.pads,
    autoPad: attributes.auto_pad,
    ceil: attributes.ceil_mode !== 0,
  };
}

/** The shape of x `[N, C, spatial...]` after pooling. */
export function poolDims(x: Dims, attributes: PoolAttributes): Dims {
  if (!x) return undefined;
  if (x.length < 3) contradiction(`pooling needs [N, C, spatial...], found ${dimsToString(x)}.`);
  return [...x.slice(0, 2), ...windowDims(x.slice(2), poolWindow(attributes))];
}

function globalDims(x: Dims): Dims {
  return x?.map((dim, axis) => (axis < 2 ? dim : 1));
}

/** Largest element of each window; `Indices` are its flat positions in X (column-major in the plane if `storage_order`). */
export const MaxPool = defineOp({
  name: 'MaxPool',
  inputs: ['X'],
  outputs: ['Y', 'Indices?'],
  attributes: { ...poolAttributes, storage_order: attr.int(0) },
  inferTypes: ({ inputs, attributes }) => {
    const shape = poolDims(inputs.X.shape, attributes);
    return [typeOf(realDType(inputs.X), shape), typeOf('int64', shape)];
  },
});

/** Mean of each window, over the elements inside X unless `count_include_pad`. */
export const AveragePool = defineOp({
  name: 'AveragePool',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { ...poolAttributes, count_include_pad: attr.int(0) },
  inferTypes: ({ inputs, attributes }) => [typeOf(realDType(inputs.X), poolDims(inputs.X.shape, attributes))],
});

/** `(sum |x|^p)^(1/p)` of each window. */
export const LpPool = defineOp({
  name: 'LpPool',
  since: 2,
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { ...poolAttributes, p: attr.int(2) },
  inferTypes: ({ inputs, attributes }) => [typeOf(realDType(inputs.X), poolDims(inputs.X.shape, attributes))],
});

export const GlobalAveragePool = defineOp({
  name: 'GlobalAveragePool',
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => [typeOf(realDType(inputs.X), globalDims(inputs.X.shape))],
});

export const GlobalMaxPool = defineOp({
  name: 'GlobalMaxPool',
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => [typeOf(realDType(inputs.X), globalDims(inputs.X.shape))],
});

export const GlobalLpPool = defineOp({
  name: 'GlobalLpPool',
  since: 2,
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { p: attr.int(2) },
  inferTypes: ({ inputs }) => [typeOf(realDType(inputs.X), globalDims(inputs.X.shape))],
});

export const poolOps: readonly Op[] = [
  MaxPool,
  AveragePool,
  LpPool,
  GlobalAveragePool,
  GlobalMaxPool,
  GlobalLpPool,
];
