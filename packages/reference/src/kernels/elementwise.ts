import { defineKernel, type Kernel, type KernelFunction } from '@octavo/backend';
import { Add, Div, Max, Mean, Min, Mod, Mul, Pow, Sub, Sum } from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import { type BinaryFunction, mapElements, zipElements } from '../arithmetic.js';
import { refuse } from '../integer-operands.js';
import { operand } from '../operand.js';
import { power } from '../power.js';

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
