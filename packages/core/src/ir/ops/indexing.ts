import { attr } from '../attribute.js';
import {
  axisIn,
  contradiction,
  type Dims,
  dimsToString,
  knownDim,
  realDType,
  sameType,
  typeOf,
} from '../dims.js';
import { defineOp, type Op } from '../op.js';

/** Slices of `data` along `axis`; negative indices count from the end. */
export const Gather = defineOp({
  name: 'Gather',
  inputs: ['data', 'indices'],
  outputs: ['output'],
  attributes: { axis: attr.int(0) },
  inferTypes: ({ inputs: { data, indices }, attributes: { axis } }) => {
    const from = data.shape;
    const at = indices.shape;
    if (!from || !at) return [typeOf(realDType(data))];
    const split = axisIn(axis, from.length);
    return [typeOf(realDType(data), from.toSpliced(split, 1, ...at))];
  },
});

export const GatherElements = defineOp({
  name: 'GatherElements',
  since: 11,
  inputs: ['data', 'indices'],
  outputs: ['output'],
  attributes: { axis: attr.int(0) },
  inferTypes: ({ inputs }) => [typeOf(realDType(inputs.data), inputs.indices.shape)],
});

/** The last axis of `indices` holds coordinates into `data`, after `batch_dims` common axes. */
export const GatherND = defineOp({
  name: 'GatherND',
  since: 11,
  inputs: ['data', 'indices'],
  outputs: ['output'],
  attributes: { batch_dims: attr.int(0) },
  inferTypes: ({ inputs: { data, indices }, attributes }) => [
    typeOf(realDType(data), gatherNDDims(data.shape, indices.shape, attributes.batch_dims)),
  ],
});

function gatherNDDims(data: Dims, indices: Dims, batch: number): Dims {
  const depth = indices?.at(-1);
  if (!data || !indices || !knownDim(depth)) return undefined;
  if (batch + depth > data.length) {
    contradiction(`coordinates of ${depth} do not index ${dimsToString(data)} after ${batch} batch axes.`);
  }
  return [...indices.slice(0, -1), ...data.slice(batch + depth)];
}

function scatterElements(name: string, since: number) {
  return defineOp({
    name,
    since,
    inputs: ['data', 'indices', 'updates'],
    outputs: ['output'],
    attributes: { axis: attr.int(0), reduction: attr.oneOf('none', 'add', 'mul', 'max', 'min') },
    inferTypes: ({ inputs }) => sameType(inputs.data),
  });
}

/** Old name of ScatterElements. */
export const Scatter = scatterElements('Scatter', 9);
export const ScatterElements = scatterElements('ScatterElements', 11);

export const ScatterND = defineOp({
  name: 'ScatterND',
  since: 11,
  inputs: ['data', 'indices', 'updates'],
  outputs: ['output'],
  attributes: { reduction: attr.oneOf('none', 'add', 'mul', 'max', 'min') },
  inferTypes: ({ inputs }) => sameType(inputs.data),
});

/** Writes `update` into a cache at `write_indices` (one a batch) along `axis`; `circular` wraps around. */
export const TensorScatter = defineOp({
  name: 'TensorScatter',
  since: 24,
  inputs: ['past_cache', 'update', 'write_indices?'],
  outputs: ['present_cache'],
  attributes: { axis: attr.int(-2), mode: attr.oneOf('linear', 'circular') },
  inferTypes: ({ inputs }) => sameType(inputs.past_cache),
});

/** `values` holds off and on value; indices outside [-depth, depth - 1] give rows of the off value. */
export const OneHot = defineOp({
  name: 'OneHot',
  since: 9,
  inputs: ['indices', 'depth', 'values'],
  outputs: ['output'],
  attributes: { axis: attr.int(-1) },
  inferTypes: (context) => {
    const { indices, depth, values } = context.inputs;
    const shape = indices.shape;
    if (!shape) return [typeOf(realDType(values))];
    const at = axisIn(context.attributes.axis, shape.length + 1);
    return [typeOf(realDType(values), shape.toSpliced(at, 0, context.dims(depth)?.[0] ?? null))];
  },
});

/** Coordinates of the elements that are not zero, one column each. */
export const NonZero = defineOp({
  name: 'NonZero',
  since: 9,
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => [typeOf('int64', [inputs.X.shape?.length ?? null, null])],
});

/** The slices (elements without `axis`) whose condition is true. */
export const Compress = defineOp({
  name: 'Compress',
  since: 9,
  inputs: ['input', 'condition'],
  outputs: ['output'],
  attributes: { axis: attr.int() },
  inferTypes: ({ inputs: { input }, attributes: { axis } }) => {
    if (axis === undefined) return [typeOf(realDType(input), [null])];
    const shape = input.shape;
    return [typeOf(realDType(input), shape?.with(axisIn(axis, shape.length), null))];
  },
});

/** Reverses the first `sequence_lens[b]` steps of each batch entry. */
export const ReverseSequence = defineOp({
  name: 'ReverseSequence',
  since: 10,
  inputs: ['input', 'sequence_lens'],
  outputs: ['Y'],
  attributes: { batch_axis: attr.int(1), time_axis: attr.int(0) },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

export const indexingOps: readonly Op[] = [
  Gather,
  GatherElements,
  GatherND,
  Scatter,
  ScatterElements,
  ScatterND,
  TensorScatter,
  OneHot,
  NonZero,
  Compress,
  ReverseSequence,
];
