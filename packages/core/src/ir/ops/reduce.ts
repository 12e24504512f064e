import { attr } from '../attribute.js';
import { axisIn, type Dims, knownShape, realDType, sameType, typeOf } from '../dims.js';
import { defineOp, type NodeContext, type Op } from '../op.js';
import type { Dim, Value } from '../value.js';

/** The shape after reducing `axes` (all when undefined). */
function reducedDims(shape: Dims, axes: readonly number[] | undefined, keep: boolean): Dims {
  if (!shape) return undefined;
  const reduced = new Set(axes?.map((axis) => axisIn(axis, shape.length)) ?? shape.keys());
  return shape.flatMap((dim, axis): Dim[] => (reduced.has(axis) ? (keep ? [1] : []) : [dim]));
}

/** Semantics with the axes as an attribute. */
function reduceByAttribute(name: string) {
  return defineOp({
    name,
    inputs: ['data'],
    outputs: ['reduced'],
    attributes: { axes: attr.ints(), keepdims: attr.int(1) },
    inferTypes: ({ inputs: { data }, attributes }) => [
      typeOf(realDType(data), reducedDims(data.shape, attributes.axes, attributes.keepdims !== 0)),
    ],
  });
}

/** Semantics with the axes as an input. */
function reduceByInput(name: string, since: number) {
  return defineOp({
    name,
    since,
    inputs: ['data', 'axes?'],
    outputs: ['reduced'],
    attributes: { keepdims: attr.int(1), noop_with_empty_axes: attr.int(0) },
    inferTypes: (context) => {
      const { inputs, attributes } = context;
      const keep = attributes.keepdims !== 0;
      const noop = attributes.noop_with_empty_axes !== 0;
      return [typeOf(realDType(inputs.data), dimsByInput(context, inputs.data, inputs.axes, keep, noop))];
    },
  });
}

function dimsByInput(
  context: NodeContext,
  data: Value,
  axes: Value | undefined,
  keep: boolean,
  noop: boolean,
): Dims {
  const known = axes ? knownShape(context.dims(axes)) : [];
  if (!known) return keep ? data.shape?.map(() => null) : undefined;
  if (known.length === 0) return noop ? data.shape : reducedDims(data.shape, undefined, keep);
  return reducedDims(data.shape, known, keep);
}

export const ReduceSum1 = reduceByAttribute('ReduceSum');
export const ReduceMean1 = reduceByAttribute('ReduceMean');
export const ReduceMax1 = reduceByAttribute('ReduceMax');
export const ReduceMin1 = reduceByAttribute('ReduceMin');
export const ReduceProd1 = reduceByAttribute('ReduceProd');
export const ReduceL11 = reduceByAttribute('ReduceL1');
export const ReduceL21 = reduceByAttribute('ReduceL2');
export const ReduceLogSum1 = reduceByAttribute('ReduceLogSum');
export const ReduceLogSumExp1 = reduceByAttribute('ReduceLogSumExp');
export const ReduceSumSquare1 = reduceByAttribute('ReduceSumSquare');
export const ReduceSum = reduceByInput('ReduceSum', 13);
export const ReduceMean = reduceByInput('ReduceMean', 18);
export const ReduceMax = reduceByInput('ReduceMax', 18);
export const ReduceMin = reduceByInput('ReduceMin', 18);
export const ReduceProd = reduceByInput('ReduceProd', 18);
export const ReduceL1 = reduceByInput('ReduceL1', 18);
export const ReduceL2 = reduceByInput('ReduceL2', 18);
export const ReduceLogSum = reduceByInput('ReduceLogSum', 18);
export const ReduceLogSumExp = reduceByInput('ReduceLogSumExp', 18);
export const ReduceSumSquare = reduceByInput('ReduceSumSquare', 18);

function argExtreme(name: string) {
  return defineOp({
    name,
    inputs: ['data'],
    outputs: ['reduced'],
    attributes: { axis: attr.int(0), keepdims: attr.int(1), select_last_index: attr.int(0) },
    inferTypes: ({ inputs, attributes }) => [
      typeOf('int64', reducedDims(inputs.data.shape, [attributes.axis], attributes.keepdims !== 0)),
    ],
  });
}

export const ArgMax = argExtreme('ArgMax');
export const ArgMin = argExtreme('ArgMin');

function cumulative(name: string, since: number) {
  return defineOp({
    name,
    since,
    inputs: ['x', 'axis'],
    outputs: ['y'],
    attributes: { exclusive: attr.int(0), reverse: attr.int(0) },
    inferTypes: ({ inputs }) => sameType(inputs.x),
  });
}

export const CumSum = cumulative('CumSum', 11);
export const CumProd = cumulative('CumProd', 26);

export const reduceOps: readonly Op[] = [
  ReduceSum1,
  ReduceMean1,
  ReduceMax1,
  ReduceMin1,
  ReduceProd1,
  ReduceL11,
  ReduceL21,
  ReduceLogSum1,
  ReduceLogSumExp1,
  ReduceSumSquare1,
  ReduceSum,
  ReduceMean,
  ReduceMax,
  ReduceMin,
  ReduceProd,
  ReduceL1,
  ReduceL2,
  ReduceLogSum,
  ReduceLogSumExp,
  ReduceSumSquare,
  ArgMax,
  ArgMin,
  CumSum,
  CumProd,
];
