import { defineKernel, type Kernel, type KernelFunction } from '@octavo/backend';
import {
  And,
  BitShift,
  BitwiseAnd,
  BitwiseNot,
  BitwiseOr,
  BitwiseXor,
  Equal,
  Greater,
  GreaterOrEqual,
  IsInf,
  IsNaN,
  Less,
  LessOrEqual,
  Not,
  Or,
  Where,
  Xor,
} from '@octavo/core/ir';
import { broadcastShapes, DTYPES, decodeStrings, elementCount, Tensor, toNumbers } from '@octavo/core/tensor';
import { type BinaryFunction, mapElements, toBigInts, zipElements } from '../arithmetic.js';
import { combineBroadcast } from '../broadcast.js';
import { broadcastIndices } from '../indices.js';
import { refuse } from '../integer-operands.js';
import { operand } from '../operand.js';
import { elementsOf, emptyElements, tensorOfElements } from '../rearrange.js';

type Comparable = number | bigint | string;

/** Elements that JavaScript compares as their dtype does. */
function comparable(tensor: Tensor): ArrayLike<Comparable> {
  if (tensor.is('int64') || tensor.is('uint64')) return toBigInts(tensor);
  if (tensor.is('string')) return decodeStrings(tensor.data).map((bytes) => bytes.join(' '));
  return toNumbers(tensor);
}

/** A bool tensor from a predicate over broadcast pairs. */
function predicate(test: (a: Comparable, b: Comparable) => boolean) {
  return {
    prepare: (): KernelFunction => (inputs) => {
      const [a, b] = [operand(inputs, 0), operand(inputs, 1)];
      const shape = broadcastShapes(a.shape, b.shape);
      const results = new Uint8Array(elementCount(shape));
      combineBroadcast(
        { elements: comparable(a), shape: a.shape },
        { elements: comparable(b), shape: b.shape },
        results,
        (x, y) => Number(test(x, y)),
      );
      return [new Tensor('bool', shape, results)];
    },
  };
}

/** A bool tensor from a predicate over numbers. */
function check(tensor: Tensor, test: (x: number) => boolean): Tensor {
  return new Tensor(
    'bool',
    tensor.shape,
    Uint8Array.from(toNumbers(tensor), (x) => Number(test(x))),
  );
}

function bitwise(f: Required<Pick<BinaryFunction, 'integer' | 'big'>>) {
  return {
    prepare: (): KernelFunction => (inputs) => [
      zipElements(operand(inputs, 0), operand(inputs, 1), { real: f.integer, ...f }),
    ],
  };
}

function shift(left: boolean, bits: number): Required<Pick<BinaryFunction, 'integer' | 'big'>> {
  const width = BigInt(bits);
  const big = (x: bigint, by: bigint): bigint => {
    if (by < 0n || by >= width) return !left && x < 0n ? -1n : 0n;
    return left ? x << by : x >> by;
  };
  return { big, integer: (x, by) => Number(BigInt.asIntN(64, big(BigInt(x), BigInt(by)))) };
}

/** `condition ? x : y` on elements of any dtype. */
const where: KernelFunction = (inputs) => {
  const [condition, x, y] = [operand(inputs, 0), operand(inputs, 1), operand(inputs, 2)];
  if (x.dtype !== y.dtype) refuse(`Where chooses between ${x.dtype} and ${y.dtype}.`);
  const shape = broadcastShapes(condition.shape, x.shape, y.shape);
  const [fromCondition, fromX, fromY] = [condition, x, y].map((tensor) =>
    broadcastIndices(tensor.shape, shape),
  );
  const [yes, no]: ArrayLike<unknown>[] = [elementsOf(x), elementsOf(y)];
  const result = emptyElements(x.dtype, elementCount(shape));
  const target: { [index: number]: unknown } = result;
  const chosen = toNumbers(condition);
  for (let i = 0; i < result.length; i++) {
    target[i] = chosen[fromCondition?.[i] ?? 0] ? yes?.[fromX?.[i] ?? 0] : no?.[fromY?.[i] ?? 0];
  }
  return [tensorOfElements(x.dtype, shape, result)];
};

export const logicKernels: readonly Kernel[] = [
  defineKernel(
    Equal,
    predicate((a, b) => a === b),
  ),
  defineKernel(
    Greater,
    predicate((a, b) => a > b),
  ),
  defineKernel(
    GreaterOrEqual,
    predicate((a, b) => a >= b),
  ),
  defineKernel(
    Less,
    predicate((a, b) => a < b),
  ),
  defineKernel(
    LessOrEqual,
    predicate((a, b) => a <= b),
  ),
  defineKernel(
    And,
    predicate((a, b) => Boolean(a) && Boolean(b)),
  ),
  defineKernel(
    Or,
    predicate((a, b) => Boolean(a) || Boolean(b)),
  ),
  defineKernel(
    Xor,
    predicate((a, b) => Boolean(a) !== Boolean(b)),
  ),
  defineKernel(Not, { prepare: () => (inputs) => [check(operand(inputs, 0), (x) => x === 0)] }),
  defineKernel(BitwiseAnd, bitwise({ integer: (a, b) => a & b, big: (a, b) => a & b })),
  defineKernel(BitwiseOr, bitwise({ integer: (a, b) => a | b, big: (a, b) => a | b })),
  defineKernel(BitwiseXor, bitwise({ integer: (a, b) => a ^ b, big: (a, b) => a ^ b })),
  defineKernel(BitwiseNot, {
    prepare: () => (inputs) => [mapElements(operand(inputs, 0), { real: (x) => ~x, big: (x) => ~x })],
  }),
  defineKernel(BitShift, {
    prepare: ({ attributes: { direction } }) => {
      return (inputs, captures) => {
        const bits = DTYPES[operand(inputs, 0).dtype].bits;
        return bitwise(shift(direction === 'LEFT', bits)).prepare()(inputs, captures);
      };
    },
  }),
  defineKernel(IsNaN, { prepare: () => (inputs) => [check(operand(inputs, 0), Number.isNaN)] }),
  defineKernel(IsInf, {
    prepare: ({ attributes: { detect_negative, detect_positive } }) => {
      const isInfinite = (x: number) =>
        (x === Number.POSITIVE_INFINITY && detect_positive !== 0) ||
        (x === Number.NEGATIVE_INFINITY && detect_negative !== 0);
      return (inputs) => [check(operand(inputs, 0), isInfinite)];
    },
  }),
  defineKernel(Where, { prepare: () => where }),
];
