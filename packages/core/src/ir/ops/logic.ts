import { attr } from '../attribute.js';
import { elementwise, sameType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';

function comparison(name: string, since: number) {
  return defineOp({
    name,
    since,
    inputs: ['A', 'B'],
    outputs: ['C'],
    inferTypes: ({ inputs }) => elementwise([inputs.A, inputs.B], 'bool'),
  });
}

function bitwise(name: string) {
  return defineOp({
    name,
    since: 18,
    inputs: ['A', 'B'],
    outputs: ['C'],
    inferTypes: ({ inputs }) => elementwise([inputs.A, inputs.B]),
  });
}

export const Equal = comparison('Equal', 7);
export const Greater = comparison('Greater', 7);
export const GreaterOrEqual = comparison('GreaterOrEqual', 12);
export const Less = comparison('Less', 7);
export const LessOrEqual = comparison('LessOrEqual', 12);
export const And = comparison('And', 7);
export const Or = comparison('Or', 7);
export const Xor = comparison('Xor', 7);

export const Not = defineOp({
  name: 'Not',
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

export const BitwiseAnd = bitwise('BitwiseAnd');
export const BitwiseOr = bitwise('BitwiseOr');
export const BitwiseXor = bitwise('BitwiseXor');

export const BitwiseNot = defineOp({
  name: 'BitwiseNot',
  since: 18,
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** Signed integers shift right arithmetically; a shift by the width or more leaves only sign bits. */
export const BitShift = defineOp({
  name: 'BitShift',
  since: 11,
  inputs: ['X', 'Y'],
  outputs: ['Z'],
  attributes: { direction: attr.oneOf('LEFT', 'RIGHT') },
  inferTypes: ({ inputs }) => elementwise([inputs.X, inputs.Y]),
});

export const IsNaN = defineOp({
  name: 'IsNaN',
  since: 9,
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => [typeOf('bool', inputs.X.shape)],
});

export const IsInf = defineOp({
  name: 'IsInf',
  since: 10,
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { detect_negative: attr.int(1), detect_positive: attr.int(1) },
  inferTypes: ({ inputs }) => [typeOf('bool', inputs.X.shape)],
});

/** `condition ? X : Y`, broadcast. */
export const Where = defineOp({
  name: 'Where',
  since: 9,
  inputs: ['condition', 'X', 'Y'],
  outputs: ['output'],
  inferTypes: ({ inputs }) => {
    const [branches] = elementwise([inputs.X, inputs.Y]);
    return elementwise([inputs.X, inputs.Y, inputs.condition], branches?.dtype);
  },
});

export const logicOps: readonly Op[] = [
  Equal,
  Greater,
  GreaterOrEqual,
  Less,
  LessOrEqual,
  And,
  Or,
  Xor,
  Not,
  BitwiseAnd,
  BitwiseOr,
  BitwiseXor,
  BitwiseNot,
  BitShift,
  IsNaN,
  IsInf,
  Where,
];
