import { defineKernel, type Kernel, type KernelFunction } from '@octavo/backend';
import {
  Abs,
  Acos,
  Acosh,
  Add,
  Asin,
  Asinh,
  Atan,
  Atanh,
  Ceil,
  Cos,
  Cosh,
  Div,
  Erf,
  Exp,
  Floor,
  Log,
  Max,
  Mean,
  Min,
  Mod,
  Mul,
  Neg,
  Pow,
  Reciprocal,
  Round,
  Sign,
  Sin,
  Sinh,
  Sqrt,
  Sub,
  Sum,
  Tan,
} from '@octavo/core/ir';
import { roundHalfEven } from '@octavo/core/quant';
import type { Tensor } from '@octavo/core/tensor';
import { type BinaryFunction, mapElements, type UnaryFunction, zipElements } from '../arithmetic.js';
import { erf } from '../erf.js';
import { refuse } from '../integer-operands.js';
import { operand } from '../operand.js';
import { power } from '../power.js';

function unary(f: UnaryFunction) {
  return {
    prepare: (): KernelFunction => (inputs) => [mapElements(operand(inputs, 0), f)],
  };
}

function binary(f: BinaryFunction) {
  return {
    prepare: (): KernelFunction => (inputs) => [zipElements(operand(inputs, 0), operand(inputs, 1), f)],
  };
}

function variadic(f: BinaryFunction, finish: (result: Tensor, count: number) => Tensor = (result) => result) {
  return {
    prepare: (): KernelFunction => (inputs) => {
      const tensors = inputs.map((_, i) => operand(inputs, i));
      if (tensors.length === 0) refuse('at least one input is needed.');
      return [
        finish(
          tensors.reduce((a, b) => zipElements(a, b, f)),
          tensors.length,
        ),
      ];
    },
  };
}

const ADD: BinaryFunction = { real: (a, b) => a + b, big: (a, b) => a + b };
const MIN: BinaryFunction = { real: Math.min, big: (a, b) => (a < b ? a : b) };
const MAX: BinaryFunction = { real: Math.max, big: (a, b) => (a > b ? a : b) };

/** Division by the integer 0, which ONNX leaves open, gives 0. */
const DIVIDE: BinaryFunction = {
  real: (a, b) => a / b,
  integer: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  big: (a, b) => (b === 0n ? 0n : a / b),
};

const REMAINDER: BinaryFunction = {
  real: (a, b) => a % b,
  integer: (a, b) => (b === 0 ? 0 : a % b),
  big: (a, b) => (b === 0n ? 0n : a % b),
};

/** The remainder with the sign of the divisor. */
const MODULO: BinaryFunction = {
  real: (a, b) => {
    const rest = a % b;
    if (rest === 0) return b < 0 || Object.is(b, -0) ? -0 : 0;
    return rest < 0 !== b < 0 ? rest + b : rest;
  },
  integer: (a, b) => (b === 0 ? 0 : ((a % b) + b) % b),
  big: (a, b) => (b === 0n ? 0n : ((a % b) + b) % b),
};

export const elementwiseKernels: readonly Kernel[] = [
  defineKernel(Abs, unary({ real: Math.abs, big: (x) => (x < 0n ? -x : x) })),
  defineKernel(Neg, unary({ real: (x) => -x, big: (x) => -x })),
  defineKernel(Sign, unary({ real: Math.sign, big: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n) })),
  defineKernel(Sqrt, unary({ real: Math.sqrt })),
  defineKernel(Exp, unary({ real: Math.exp })),
  defineKernel(Log, unary({ real: Math.log })),
  defineKernel(Reciprocal, unary({ real: (x) => 1 / x })),
  defineKernel(Floor, unary({ real: Math.floor })),
  defineKernel(Ceil, unary({ real: Math.ceil })),
  defineKernel(Round, unary({ real: roundHalfEven })),
  defineKernel(Erf, unary({ real: erf })),
  defineKernel(Sin, unary({ real: Math.sin })),
  defineKernel(Cos, unary({ real: Math.cos })),
  defineKernel(Tan, unary({ real: Math.tan })),
  defineKernel(Asin, unary({ real: Math.asin })),
  defineKernel(Acos, unary({ real: Math.acos })),
  defineKernel(Atan, unary({ real: Math.atan })),
  defineKernel(Sinh, unary({ real: Math.sinh })),
  defineKernel(Cosh, unary({ real: Math.cosh })),
  defineKernel(Asinh, unary({ real: Math.asinh })),
  defineKernel(Acosh, unary({ real: Math.acosh })),
  defineKernel(Atanh, unary({ real: Math.atanh })),
  defineKernel(Add, binary(ADD)),
  defineKernel(Sub, binary({ real: (a, b) => a - b, big: (a, b) => a - b })),
  defineKernel(Mul, binary({ real: (a, b) => a * b, integer: Math.imul, big: (a, b) => a * b })),
  defineKernel(Div, binary(DIVIDE)),
  defineKernel(Pow, binary(power)),
  defineKernel(Mod, { prepare: ({ attributes }) => binary(attributes.fmod ? REMAINDER : MODULO).prepare() }),
  defineKernel(Min, variadic(MIN)),
  defineKernel(Max, variadic(MAX)),
  defineKernel(Sum, variadic(ADD)),
  defineKernel(
    Mean,
    variadic(ADD, (sum, count) => mapElements(sum, { real: (x) => x / count })),
  ),
];
