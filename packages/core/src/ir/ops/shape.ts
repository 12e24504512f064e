import { attr } from '../attribute.js';
import {
  axisIn,
  broadcastDims,
  contradiction,
  knownShape,
  productOfDims,
  realDType,
  reshapeDims,
  sameType,
  typeOf,
  unknownDims,
} from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim, TensorType, Value } from '../value.js';

/** The dimensions of `data` from `start` to before `end`, counted as Python slices count. */
export const Shape = defineOp({
  name: 'Shape',
  inputs: ['data'],
  outputs: ['shape'],
  attributes: { start: attr.int(0), end: attr.int() },
  inferTypes: ({ inputs: { data }, attributes: { start, end } }) => [
    typeOf('int64', [data.shape ? data.shape.slice(start, end).length : null]),
  ],
});

export const Size = defineOp({
  name: 'Size',
  inputs: ['data'],
  outputs: ['size'],
  inferTypes: () => [typeOf('int64', [])],
});

/** `0` copies a dimension unless `allowzero`; one `-1` takes what is left. */
export const Reshape = defineOp({
  name: 'Reshape',
  since: 5,
  inputs: ['data', 'shape'],
  outputs: ['reshaped'],
  attributes: { allowzero: attr.int(0) },
  inferTypes: (context) => {
    const { data, shape } = context.inputs;
    const target = context.dims(shape);
    const dims = target
      ? reshapeDims(data.shape, target, context.attributes.allowzero !== 0)
      : unknownDims(shape.shape?.[0]);
    return [typeOf(realDType(data), dims)];
  },
});

/** A matrix: axes before `axis` become its rows, the others its columns. */
export const Flatten = defineOp({
  name: 'Flatten',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: attr.int(1) },
  inferTypes: ({ inputs: { input }, attributes: { axis } }) => {
    const shape = input.shape;
    if (!shape) return [typeOf(realDType(input), [null, null])];
    const split = axis === shape.length ? axis : axisIn(axis, Math.max(shape.length, 1));
    const dims = [productOfDims(shape.slice(0, split)), productOfDims(shape.slice(split))];
    return [typeOf(realDType(input), dims)];
  },
});

/** Without `perm` the axes are reversed. */
export const Transpose = defineOp({
  name: 'Transpose',
  inputs: ['data'],
  outputs: ['transposed'],
  attributes: { perm: attr.ints() },
  inferTypes: ({ inputs: { data }, attributes: { perm } }) => {
    const shape = data.shape;
    if (!shape)
      return [
        typeOf(
          realDType(data),
          perm?.map(() => null),
        ),
      ];
    const order = (perm ?? [...shape.keys()].reverse()).map((axis) => axisIn(axis, shape.length));
    if (order.length !== shape.length || new Set(order).size !== shape.length) {
      contradiction(`perm [${order.join(', ')}] does not order the ${shape.length} axes.`);
    }
    return [
      typeOf(
        realDType(data),
        order.map((axis) => shape[axis] ?? null),
      ),
    ];
  },
});

/** Semantics with the axes as an attribute. */
export const Squeeze1 = defineOp({
  name: 'Squeeze',
  inputs: ['data'],
  outputs: ['squeezed'],
  attributes: { axes: attr.ints() },
  inferTypes: ({ inputs: { data }, attributes }) => squeezed(data, attributes.axes),
});

/** Semantics with the axes as an input; without them every axis of size 1 goes. */
export const Squeeze = defineOp({
  name: 'Squeeze',
  since: 13,
  inputs: ['data', 'axes?'],
  outputs: ['squeezed'],
  inferTypes: (context) => {
    const { data, axes } = context.inputs;
    const known = knownShape(context.dims(axes));
    return axes && !known ? [typeOf(realDType(data))] : squeezed(data, known);
  },
});

/** Semantics with the axes as an attribute. */
export const Unsqueeze1 = defineOp({
  name: 'Unsqueeze',
  inputs: ['data'],
  outputs: ['expanded'],
  attributes: { axes: attr.required.ints() },
  inferTypes: ({ inputs: { data }, attributes }) => unsqueezed(data, attributes.axes),
});

/** Semantics with the axes as an input. */
export const Unsqueeze = defineOp({
  name: 'Unsqueeze',
  since: 13,
  inputs: ['data', 'axes'],
  outputs: ['expanded'],
  inferTypes: (context) => {
    const { data, axes } = context.inputs;
    const known = knownShape(context.dims(axes));
    return known ? unsqueezed(data, known) : [typeOf(realDType(data))];
  },
});

/** Broadcasts in both directions: a size of 1 in `shape` keeps the input's. */
export const Expand = defineOp({
  name: 'Expand',
  since: 8,
  inputs: ['input', 'shape'],
  outputs: ['output'],
  inferTypes: (context) => {
    const { input, shape } = context.inputs;
    const target = context.dims(shape) ?? unknownDims(shape.shape?.[0]);
    return [typeOf(realDType(input), broadcastDims(input.shape, target))];
  },
});

export const Identity = defineOp({
  name: 'Identity',
  inputs: ['input'],
  outputs: ['output'],
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** Semantics of inference only: the identity. */
export const Dropout7 = defineOp({
  name: 'Dropout',
  since: 7,
  inputs: ['data'],
  outputs: ['output', 'mask?'],
  attributes: { ratio: attr.float(0.5) },
  inferTypes: ({ inputs: { data }, opset }) => [
    ...sameType(data),
    typeOf(opset < 10 ? realDType(data) : 'bool', data.shape),
  ],
});

/** The identity unless `training_mode` is true. */
export const Dropout = defineOp({
  name: 'Dropout',
  since: 12,
  inputs: ['data', 'ratio?', 'training_mode?'],
  outputs: ['output', 'mask?'],
  attributes: { seed: attr.int() },
  inferTypes: ({ inputs: { data } }) => [...sameType(data), typeOf('bool', data.shape)],
});

function squeezed(data: Value, axes: readonly number[] | undefined): readonly (TensorType | undefined)[] {
  const shape = data.shape;
  if (!shape) return [typeOf(realDType(data))];
  if (!axes) {
    const known = shape.every((dim) => typeof dim === 'number');
    return [typeOf(realDType(data), known ? shape.filter((dim) => dim !== 1) : undefined)];
  }
  const removed = new Set(axes.map((axis) => axisIn(axis, shape.length)));
  for (const axis of removed) {
    const dim = shape[axis];
    if (typeof dim === 'number' && dim !== 1) contradiction(`Squeeze removes axis ${axis} of size ${dim}.`);
  }
  return [
    typeOf(
      realDType(data),
      shape.filter((_, axis) => !removed.has(axis)),
    ),
  ];
}

function unsqueezed(data: Value, axes: readonly number[]): readonly (TensorType | undefined)[] {
  const shape = data.shape;
  if (!shape) return [typeOf(realDType(data))];
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => axisIn(axis, rank)));
  if (added.size !== axes.length) contradiction(`Unsqueeze names an axis twice: [${axes.join(', ')}].`);
  const rest = shape.values();
  const dims = Array.from(
    { length: rank },
    (_, axis): Dim => (added.has(axis) ? 1 : (rest.next().value ?? null)),
  );
  return [typeOf(realDType(data), dims)];
}

export const shapeOps: readonly Op[] = [
  Shape,
  Size,
  Reshape,
  Flatten,
  Transpose,
  Squeeze1,
  Squeeze,
  Unsqueeze1,
  Unsqueeze,
  Expand,
  Identity,
  Dropout7,
  Dropout,
];
