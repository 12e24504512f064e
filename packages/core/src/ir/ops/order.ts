import { attr } from '../attribute.js';
import { axisIn, type Dims, productOfDims, realDType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim, TensorType, Value } from '../value.js';

/** Semantics with `k` as an attribute: always the largest, sorted. */
export const TopK1 = defineOp({
  name: 'TopK',
  inputs: ['X'],
  outputs: ['Values', 'Indices'],
  attributes: { axis: attr.int(-1), k: attr.required.int() },
  inferTypes: ({ inputs, attributes }) => topTypes(inputs.X, attributes.axis, attributes.k),
});

/** Semantics with `K` as an input; of equal elements the one with the lower index comes first. */
export const TopK = defineOp({
  name: 'TopK',
  since: 10,
  inputs: ['X', 'K'],
  outputs: ['Values', 'Indices'],
  attributes: { axis: attr.int(-1), largest: attr.int(1), sorted: attr.int(1) },
  inferTypes: (context) =>
    topTypes(context.inputs.X, context.attributes.axis, context.dims(context.inputs.K)?.[0] ?? null),
});

function topTypes(input: Value, axis: number, k: Dim): readonly (TensorType | undefined)[] {
  const dims: Dims = input.shape?.with(axisIn(axis, input.shape.length), k);
  return [typeOf(realDType(input), dims), typeOf('int64', dims)];
}

/**
 * The distinct elements (slices along `axis`), sorted or in order of first occurrence; where each occurs first,
 * which one each input element is, and how often each occurs.
 */
export const Unique = defineOp({
  name: 'Unique',
  since: 11,
  inputs: ['X'],
  outputs: ['Y', 'indices?', 'inverse_indices?', 'counts?'],
  attributes: { axis: attr.int(), sorted: attr.int(1) },
  inferTypes: ({ inputs: { X }, attributes: { axis } }) => {
    const shape = X.shape;
    if (axis === undefined) return uniqueTypes(X, [null], shape ? productOfDims(shape) : null);
    const at = shape && axisIn(axis, shape.length);
    return uniqueTypes(X, at === undefined ? undefined : shape?.with(at, null), shape?.[at ?? 0] ?? null);
  },
});

function uniqueTypes(input: Value, dims: Dims, elements: Dim): readonly (TensorType | undefined)[] {
  return [
    typeOf(realDType(input), dims),
    typeOf('int64', [null]),
    typeOf('int64', [elements]),
    typeOf('int64', [null]),
  ];
}

export const orderOps: readonly Op[] = [TopK1, TopK, Unique];
