import { attr } from '../attribute.js';
import { elementwise, sameType } from '../dims.js';
import { defineOp, type Op } from '../op.js';

function unary(name: string, since: number) {
  return defineOp({
    name,
    since,
    inputs: ['X'],
    outputs: ['Y'],
    inferTypes: ({ inputs }) => sameType(inputs.X),
  });
}

function binary(name: string, since: number) {
  return defineOp({
    name,
    since,
    inputs: ['A', 'B'],
    outputs: ['C'],
    inferTypes: ({ inputs }) => elementwise([inputs.A, inputs.B]),
  });
}

function variadic(name: string) {
  return defineOp({
    name,
    since: 6,
    inputs: ['inputs...'],
    outputs: ['Y'],
    inferTypes: ({ inputs }) => elementwise(inputs.inputs),
  });
}

export const Abs = unary('Abs', 6);
export const Neg = unary('Neg', 6);
export const Sqrt = unary('Sqrt', 6);
export const Exp = unary('Exp', 6);
export const Log = unary('Log', 6);
export const Reciprocal = unary('Reciprocal', 6);
export const Floor = unary('Floor', 6);
export const Ceil = unary('Ceil', 6);
export const Erf = unary('Erf', 9);
export const Sign = unary('Sign', 9);
/** Halves round to even. */
export const Round = unary('Round', 11);
export const Sin = unary('Sin', 7);
export const Cos = unary('Cos', 7);
export const Tan = unary('Tan', 7);
export const Asin = unary('Asin', 7);
export const Acos = unary('Acos', 7);
export const Atan = unary('Atan', 7);
export const Sinh = unary('Sinh', 9);
export const Cosh = unary('Cosh', 9);
export const Asinh = unary('Asinh', 9);
export const Acosh = unary('Acosh', 9);
export const Atanh = unary('Atanh', 9);

export const Add = binary('Add', 7);
export const Sub = binary('Sub', 7);
export const Mul = binary('Mul', 7);
/** Integers truncate toward zero. */
export const Div = binary('Div', 7);
/** The result has the dtype of the base. */
export const Pow = binary('Pow', 7);

/** `fmod` 0: the sign of the divisor, as Python's `%`; 1: the sign of the dividend, as C's `fmod`. */
export const Mod = defineOp({
  name: 'Mod',
  since: 10,
  inputs: ['A', 'B'],
  outputs: ['C'],
  attributes: { fmod: attr.int(0) },
  inferTypes: ({ inputs }) => elementwise([inputs.A, inputs.B]),
});

export const Min = variadic('Min');
export const Max = variadic('Max');
export const Sum = variadic('Sum');
export const Mean = variadic('Mean');

export const elementwiseOps: readonly Op[] = [
  Abs,
  Neg,
  Sqrt,
  Exp,
  Log,
  Reciprocal,
  Floor,
  Ceil,
  Erf,
  Sign,
  Round,
  Sin,
  Cos,
  Tan,
  Asin,
  Acos,
  Atan,
  Sinh,
  Cosh,
  Asinh,
  Acosh,
  Atanh,
  Add,
  Sub,
  Mul,
  Div,
  Pow,
  Mod,
  Min,
  Max,
  Sum,
  Mean,
];
