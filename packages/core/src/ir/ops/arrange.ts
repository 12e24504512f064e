import { attr } from '../attribute.js';
import {
  axisIn,
  contradiction,
  type Dims,
  dimsToString,
  knownDim,
  knownShape,
  mergeDim,
  productOfDims,
  realDType,
  sameType,
  sumOfDims,
  typeOf,
} from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim, TensorType, Value } from '../value.js';
import { padDims, sliceDims } from './slice-dims.js';

export const Concat = defineOp({
  name: 'Concat',
  since: 4,
  inputs: ['inputs...'],
  outputs: ['concat_result'],
  attributes: { axis: attr.required.int() },
  inferTypes: ({ inputs, attributes }) => {
    const values = inputs.inputs.filter((value) => value !== undefined);
    return [
      typeOf(
        values.map(realDType).find((dtype) => dtype),
        concatDims(
          values.map((value) => value.shape),
          attributes.axis,
        ),
      ),
    ];
  },
});

/** The shape of tensors joined along `axis`. Throws `INFER_TYPES` when they differ elsewhere. */
export function concatDims(shapes: readonly Dims[], axis: number): Dims {
  const rank = shapes.find((shape) => shape)?.length;
  if (rank === undefined) return undefined;
  const at = axisIn(axis, rank);
  const parts = shapes.map((shape) => shape ?? new Array<Dim>(rank).fill(null));
  if (parts.some((part) => part.length !== rank)) {
    contradiction(`Concat joins ${parts.map(dimsToString).join(' and ')}, which differ in rank.`);
  }
  return Array.from({ length: rank }, (_, index) => {
    const dims = parts.map((part) => part[index] ?? null);
    return index === at ? sumOfDims(dims) : dims.reduce(mergeDim, null);
  });
}

/** Semantics with the sizes of the parts as an attribute; equal parts without it. */
export const Split2 = defineOp({
  name: 'Split',
  since: 2,
  inputs: ['input'],
  outputs: ['outputs...'],
  attributes: { axis: attr.int(0), split: attr.ints() },
  inferTypes: ({ node, inputs: { input }, attributes: { axis, split } }) =>
    splitTypes(input, axis, node.outputs.length, split),
});

/** Semantics with the sizes of the parts as an input; `num_outputs` (since 18) lets the last part be smaller. */
export const Split = defineOp({
  name: 'Split',
  since: 13,
  inputs: ['input', 'split?'],
  outputs: ['outputs...'],
  attributes: { axis: attr.int(0), num_outputs: attr.int() },
  inferTypes: (context) => {
    const { input, split } = context.inputs;
    const count = context.node.outputs.length;
    const sizes = split ? (context.dims(split) ?? new Array<Dim>(count).fill(null)) : undefined;
    return splitTypes(input, context.attributes.axis, count, sizes);
  },
});

function splitTypes(
  input: Value,
  axis: number,
  count: number,
  sizes: readonly Dim[] | undefined,
): (TensorType | undefined)[] {
  const shape = input.shape;
  return Array.from({ length: count }, (_, index) => {
    if (!shape) return typeOf(realDType(input));
    const at = axisIn(axis, shape.length);
    const size = sizes ? (sizes[index] ?? null) : equalPart(shape[at] ?? null, count, index);
    return typeOf(realDType(input), shape.with(at, size));
  });
}

function equalPart(total: Dim, count: number, index: number): Dim {
  if (!knownDim(total)) return count === 1 ? total : null;
  const part = Math.ceil(total / count);
  return Math.max(0, Math.min(part, total - part * index));
}

/** Semantics with the bounds as attributes. */
export const Slice1 = defineOp({
  name: 'Slice',
  inputs: ['data'],
  outputs: ['output'],
  attributes: { starts: attr.required.ints(), ends: attr.required.ints(), axes: attr.ints() },
  inferTypes: ({ inputs: { data }, attributes: { starts, ends, axes } }) => [
    typeOf(realDType(data), sliceDims(data.shape, { starts, ends, axes })),
  ],
});

/** Semantics with the bounds as inputs; bounds below 0 count from the end and clamp. */
export const Slice = defineOp({
  name: 'Slice',
  since: 10,
  inputs: ['data', 'starts', 'ends', 'axes?', 'steps?'],
  outputs: ['output'],
  inferTypes: (context) => {
    const { data, starts, ends, axes, steps } = context.inputs;
    const knownAxes = knownShape(context.dims(axes));
    const knownSteps = knownShape(context.dims(steps));
    if ((axes && !knownAxes) || (steps && !knownSteps)) {
      return [
        typeOf(
          realDType(data),
          data.shape?.map(() => null),
        ),
      ];
    }
    const bounds = { starts: context.dims(starts), ends: context.dims(ends) };
    return [
      typeOf(realDType(data), sliceDims(data.shape, { ...bounds, axes: knownAxes, steps: knownSteps })),
    ];
  },
});

/** Semantics with pads and value as attributes. */
export const Pad2 = defineOp({
  name: 'Pad',
  since: 2,
  inputs: ['data'],
  outputs: ['output'],
  attributes: {
    mode: attr.oneOf('constant', 'reflect', 'edge'),
    pads: attr.required.ints(),
    value: attr.float(0),
  },
  inferTypes: ({ inputs: { data }, attributes }) => [
    typeOf(realDType(data), padDims(data.shape, attributes.pads)),
  ],
});

/** Semantics with pads and value as inputs: all begins, then all ends, of `axes` (default all); negative pads crop. */
export const Pad = defineOp({
  name: 'Pad',
  since: 11,
  inputs: ['data', 'pads', 'constant_value?', 'axes?'],
  outputs: ['output'],
  attributes: { mode: attr.oneOf('constant', 'reflect', 'edge', 'wrap') },
  inferTypes: (context) => {
    const { data, pads, axes } = context.inputs;
    const [knownPads, knownAxes] = [knownShape(context.dims(pads)), knownShape(context.dims(axes))];
    const known = knownPads && (!axes || knownAxes);
    const dims = known ? padDims(data.shape, knownPads, knownAxes) : data.shape?.map(() => null);
    return [typeOf(realDType(data), dims)];
  },
});

export const Tile = defineOp({
  name: 'Tile',
  since: 6,
  inputs: ['input', 'repeats'],
  outputs: ['output'],
  inferTypes: (context) => {
    const { input, repeats } = context.inputs;
    const counts = context.dims(repeats);
    const dims = input.shape?.map((dim, axis) =>
      counts ? productOfDims([dim, counts[axis] ?? null]) : null,
    );
    return [typeOf(realDType(input), dims)];
  },
});

/** Channels become `blocksize` x `blocksize` tiles; CRD: columns and rows before depth. */
export const DepthToSpace = defineOp({
  name: 'DepthToSpace',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { blocksize: attr.required.int(), mode: attr.oneOf('DCR', 'CRD') },
  inferTypes: ({ inputs: { input }, attributes: { blocksize } }) => {
    const [n, c, h, w] = spatial4(input.shape);
    return [
      typeOf(realDType(input), [
        n,
        knownDim(c) ? exactQuotient(c, blocksize ** 2) : null,
        productOfDims([h, blocksize]),
        productOfDims([w, blocksize]),
      ]),
    ];
  },
});

export const SpaceToDepth = defineOp({
  name: 'SpaceToDepth',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { blocksize: attr.required.int() },
  inferTypes: ({ inputs: { input }, attributes: { blocksize } }) => {
    const [n, c, h, w] = spatial4(input.shape);
    return [
      typeOf(realDType(input), [
        n,
        productOfDims([c, blocksize ** 2]),
        knownDim(h) ? exactQuotient(h, blocksize) : null,
        knownDim(w) ? exactQuotient(w, blocksize) : null,
      ]),
    ];
  },
});

function spatial4(shape: Dims): [Dim, Dim, Dim, Dim] {
  if (shape && shape.length !== 4) contradiction(`the input has shape ${dimsToString(shape)}, not rank 4.`);
  return [shape?.[0] ?? null, shape?.[1] ?? null, shape?.[2] ?? null, shape?.[3] ?? null];
}

function exactQuotient(size: number, divisor: number): number {
  if (size % divisor !== 0) contradiction(`${size} is no multiple of ${divisor}.`);
  return size / divisor;
}

/** Keeps the triangle above (`upper` 1) or below diagonal `k`; the rest becomes 0. */
export const Trilu = defineOp({
  name: 'Trilu',
  since: 14,
  inputs: ['input', 'k?'],
  outputs: ['output'],
  attributes: { upper: attr.int(1) },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** Crops or pads around the center to `shape`, given for `axes` (default all). */
export const CenterCropPad = defineOp({
  name: 'CenterCropPad',
  since: 18,
  inputs: ['input_data', 'shape'],
  outputs: ['output_data'],
  attributes: { axes: attr.ints() },
  inferTypes: (context) => {
    const { input_data: input, shape } = context.inputs;
    const from = input.shape;
    if (!from) return [typeOf(realDType(input))];
    const axes = (context.attributes.axes ?? [...from.keys()]).map((axis) => axisIn(axis, from.length));
    const target = context.dims(shape);
    const dims = from.map((dim, axis) =>
      axes.includes(axis) ? (target?.[axes.indexOf(axis)] ?? null) : dim,
    );
    return [typeOf(realDType(input), dims)];
  },
});

export const arrangeOps: readonly Op[] = [
  Concat,
  Split2,
  Split,
  Slice1,
  Slice,
  Pad2,
  Pad,
  Tile,
  DepthToSpace,
  SpaceToDepth,
  Trilu,
  CenterCropPad,
];
