import { defineKernel, type Kernel } from '@octavo/backend';
import {
  ArgMax,
  ArgMin,
  CumProd,
  CumSum,
  ReduceL1,
  ReduceL2,
  ReduceL11,
  ReduceL21,
  ReduceLogSum,
  ReduceLogSum1,
  ReduceLogSumExp,
  ReduceLogSumExp1,
  ReduceMax,
  ReduceMax1,
  ReduceMean,
  ReduceMean1,
  ReduceMin,
  ReduceMin1,
  ReduceProd,
  ReduceProd1,
  ReduceSum,
  ReduceSum1,
  ReduceSumSquare,
  ReduceSumSquare1,
} from '@octavo/core/ir';
import { isBigInt, normalizeAxis, Tensor, toNumbers } from '@octavo/core/tensor';
import { bigIntArray, fromBigInts, toBigInts } from '../arithmetic.js';
import type { Writable } from '../broadcast.js';
import { floatTensor, resultArray } from '../floats.js';
import { integers, scalar } from '../integer-operands.js';
import { operand } from '../operand.js';
import { type Reduction, reducedShape, reduceTensor, rowsAlong } from '../reductions.js';

const sum = (row: Float64Array) => row.reduce((total, x) => total + x, 0);
const sumOfSquares = (row: Float64Array) => row.reduce((total, x) => total + x * x, 0);
const largest = (row: Float64Array) => row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
const smallest = (row: Float64Array) => row.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

/** Subtracts the largest exponent first, so that no finite row overflows. */
function logSumExp(row: Float64Array): number {
  const top = largest(row);
  if (!Number.isFinite(top)) return top;
  return top + Math.log(row.reduce((total, x) => total + Math.exp(x - top), 0));
}

const SUM: Reduction = { real: sum, big: (row) => row.reduce((a, b) => a + b, 0n) };
const MEAN: Reduction = {
  real: (row) => sum(row) / row.length,
  big: (row) => row.reduce((a, b) => a + b, 0n) / BigInt(Math.max(1, row.length)),
};
const MAX: Reduction = { real: largest, big: (row) => row.reduce((a, b) => (a > b ? a : b), row[0] ?? 0n) };
const MIN: Reduction = { real: smallest, big: (row) => row.reduce((a, b) => (a < b ? a : b), row[0] ?? 0n) };
const PROD: Reduction = {
  real: (row) => row.reduce((product, x) => product * x, 1),
  big: (row) => row.reduce((a, b) => BigInt.asIntN(64, a * b), 1n),
};
const L1: Reduction = {
  real: (row) => row.reduce((total, x) => total + Math.abs(x), 0),
  big: (row) => row.reduce((total, x) => total + (x < 0n ? -x : x), 0n),
};
const L2: Reduction = { real: (row) => Math.sqrt(sumOfSquares(row)) };
const LOG_SUM: Reduction = { real: (row) => Math.log(sum(row)) };
const LOG_SUM_EXP: Reduction = { real: logSumExp };
const SUM_SQUARE: Reduction = {
  real: sumOfSquares,
  big: (row) => row.reduce((total, x) => total + x * x, 0n),
};

function byAttribute(op: typeof ReduceSum1, reduction: Reduction): Kernel {
  return defineKernel(op, {
    prepare:
      ({ attributes: { axes, keepdims } }) =>
      (inputs) => [reduceTensor(operand(inputs, 0), axes, keepdims !== 0, reduction)],
  });
}

function byInput(op: typeof ReduceSum, reduction: Reduction): Kernel {
  return defineKernel(op, {
    prepare:
      ({ attributes: { keepdims, noop_with_empty_axes } }) =>
      (inputs) => {
        const data = operand(inputs, 0);
        const named = integers(inputs[1]) ?? [];
        const axes = named.length > 0 ? named : noop_with_empty_axes ? [] : undefined;
        return [reduceTensor(data, axes, keepdims !== 0, reduction)];
      },
  });
}

/** The index of the first (or last) element that no other one beats. */
function argExtreme(op: typeof ArgMax, beats: (a: number, b: number) => boolean): Kernel {
  return defineKernel(op, {
    prepare: ({ attributes: { axis, keepdims, select_last_index } }) => {
      return (inputs) => {
        const data = operand(inputs, 0);
        const axes = [normalizeAxis(axis, data.shape.length)];
        const { count, length, indices } = rowsAlong(data.shape, axes);
        const values = toNumbers(data);
        const result = new BigInt64Array(count);
        for (let i = 0; i < count; i++) {
          const at = (j: number) => values[indices[i * length + j] ?? 0] ?? 0;
          let best = 0;
          for (let j = 1; j < length; j++) {
            if (beats(at(j), at(best)) || (select_last_index !== 0 && at(j) === at(best))) best = j;
          }
          result[i] = BigInt(best);
        }
        return [new Tensor('int64', reducedShape(data.shape, axes, keepdims !== 0), result)];
      };
    },
  });
}

interface Accumulation {
  readonly start: number;
  readonly real: (total: number, x: number) => number;
  readonly big: (total: bigint, x: bigint) => bigint;
}

/** Running totals along an axis; `exclusive` ones leave the own element out. */
interface Running<T> {
  readonly axis: number;
  readonly start: T;
  readonly step: (total: T, x: T) => T;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

function accumulate<T>(
  { shape }: Tensor,
  values: ArrayLike<T>,
  { axis, start, step, exclusive, reverse }: Running<T>,
  results: Writable<T>,
): void {
  const { count, length, indices } = rowsAlong(shape, [axis]);
  for (let row = 0; row < count; row++) {
    let total = start;
    for (let i = 0; i < length; i++) {
      const place = indices[row * length + (reverse ? length - 1 - i : i)] ?? 0;
      const before = total;
      total = step(total, values[place] ?? start);
      results[place] = exclusive ? before : total;
    }
  }
}

function cumulative(op: typeof CumSum, { start, real, big }: Accumulation): Kernel {
  return defineKernel(op, {
    prepare: ({ attributes }) => {
      const [exclusive, reverse] = [attributes.exclusive !== 0, attributes.reverse !== 0];
      return (inputs) => {
        const data = operand(inputs, 0);
        const { dtype, shape } = data;
        const axis = normalizeAxis(scalar(operand(inputs, 1)), shape.length);
        if (isBigInt(dtype)) {
          const step = (total: bigint, x: bigint) => BigInt.asIntN(64, big(total, x));
          const sums = bigIntArray(dtype, data.size);
          const values: ArrayLike<bigint> = toBigInts(data);
          accumulate(data, values, { axis, start: BigInt(start), step, exclusive, reverse }, sums);
          return [fromBigInts(dtype, shape, sums)];
        }
        const sums = resultArray(dtype, data.size);
        accumulate<number>(data, toNumbers(data), { axis, start, step: real, exclusive, reverse }, sums);
        return [floatTensor(dtype, shape, sums)];
      };
    },
  });
}

export const reduceKernels: readonly Kernel[] = [
  byAttribute(ReduceSum1, SUM),
  byAttribute(ReduceMean1, MEAN),
  byAttribute(ReduceMax1, MAX),
  byAttribute(ReduceMin1, MIN),
  byAttribute(ReduceProd1, PROD),
  byAttribute(ReduceL11, L1),
  byAttribute(ReduceL21, L2),
  byAttribute(ReduceLogSum1, LOG_SUM),
  byAttribute(ReduceLogSumExp1, LOG_SUM_EXP),
  byAttribute(ReduceSumSquare1, SUM_SQUARE),
  byInput(ReduceSum, SUM),
  byInput(ReduceMean, MEAN),
  byInput(ReduceMax, MAX),
  byInput(ReduceMin, MIN),
  byInput(ReduceProd, PROD),
  byInput(ReduceL1, L1),
  byInput(ReduceL2, L2),
  byInput(ReduceLogSum, LOG_SUM),
  byInput(ReduceLogSumExp, LOG_SUM_EXP),
  byInput(ReduceSumSquare, SUM_SQUARE),
  argExtreme(ArgMax, (a, b) => a > b),
  argExtreme(ArgMin, (a, b) => a < b),
  cumulative(CumSum, { start: 0, real: (total, x) => total + x, big: (total, x) => total + x }),
  cumulative(CumProd, { start: 1, real: (total, x) => total * x, big: (total, x) => total * x }),
];
