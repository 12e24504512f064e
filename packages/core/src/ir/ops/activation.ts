import { attr } from '../attribute.js';
import { broadcastDims, elementwise, realDType, sameType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';

/** `max(x, 0)`. */
export const Relu = defineOp({
  name: 'Relu',
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `x` where positive, else `alpha x`. */
export const LeakyRelu = defineOp({
  name: 'LeakyRelu',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: attr.float(0.01) },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `x` where positive, else `slope x`; slope broadcasts to x. */
export const PRelu = defineOp({
  name: 'PRelu',
  since: 7,
  inputs: ['X', 'slope'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => [
    typeOf(realDType(inputs.X), broadcastDims(inputs.X.shape, inputs.slope.shape) && inputs.X.shape),
  ],
});

/** `1 / (1 + exp(-x))`. */
export const Sigmoid = defineOp({
  name: 'Sigmoid',
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

export const Tanh = defineOp({
  name: 'Tanh',
  inputs: ['input'],
  outputs: ['output'],
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** `clamp(alpha x + beta, 0, 1)`. */
export const HardSigmoid = defineOp({
  name: 'HardSigmoid',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: attr.float(Math.fround(0.2)), beta: attr.float(0.5) },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `x clamp(x / 6 + 1/2, 0, 1)`. */
export const HardSwish = defineOp({
  name: 'HardSwish',
  since: 14,
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `x` where positive, else `alpha (exp(x) - 1)`. */
export const Elu = defineOp({
  name: 'Elu',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: attr.float(1) },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `gamma` times (`x` where positive, else `alpha (exp(x) - 1)`). */
export const Selu = defineOp({
  name: 'Selu',
  inputs: ['X'],
  outputs: ['Y'],
  attributes: {
    alpha: attr.float(Math.fround(1.6732632423543772)),
    gamma: attr.float(Math.fround(1.0507009873554805)),
  },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `max(0, x) + min(0, alpha (exp(x / alpha) - 1))`. */
export const Celu = defineOp({
  name: 'Celu',
  since: 12,
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: attr.float(1) },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `x Phi(x)`; `approximate: tanh` uses `x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`. */
export const Gelu = defineOp({
  name: 'Gelu',
  since: 20,
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { approximate: attr.oneOf('none', 'tanh') },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `x tanh(softplus(x))`. */
export const Mish = defineOp({
  name: 'Mish',
  since: 18,
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `ln(exp(x) + 1)`. */
export const Softplus = defineOp({
  name: 'Softplus',
  inputs: ['X'],
  outputs: ['Y'],
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `x / (1 + |x|)`. */
export const Softsign = defineOp({
  name: 'Softsign',
  inputs: ['input'],
  outputs: ['output'],
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** `x` where it is above `alpha`, else 0. */
export const ThresholdedRelu = defineOp({
  name: 'ThresholdedRelu',
  since: 10,
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: attr.float(1) },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `x sigmoid(alpha x)`. */
export const Swish = defineOp({
  name: 'Swish',
  since: 24,
  inputs: ['X'],
  outputs: ['Y'],
  attributes: { alpha: attr.float(1) },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

/** `min(max(x, min), max)` with bounds as attributes. */
export const Clip6 = defineOp({
  name: 'Clip',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { min: attr.float(-3.4028234663852886e38), max: attr.float(3.4028234663852886e38) },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** `min(max(x, min), max)` with bounds as scalar inputs; where `min > max` the result is `max`. */
export const Clip = defineOp({
  name: 'Clip',
  since: 11,
  inputs: ['input', 'min?', 'max?'],
  outputs: ['output'],
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** `x + bias` below `-lambd`, `x - bias` above `lambd`, else 0. */
export const Shrink = defineOp({
  name: 'Shrink',
  since: 9,
  inputs: ['input'],
  outputs: ['output'],
  attributes: { bias: attr.float(0), lambd: attr.float(0.5) },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** `a sigmoid(alpha a) b`. */
export const SwiGLU = defineOp({
  name: 'SwiGLU',
  since: 28,
  inputs: ['a', 'b'],
  outputs: ['y'],
  attributes: { alpha: attr.float(1) },
  inferTypes: ({ inputs }) => elementwise([inputs.a, inputs.b]),
});

export const activationOps: readonly Op[] = [
  Relu,
  LeakyRelu,
  PRelu,
  Sigmoid,
  Tanh,
  HardSigmoid,
  HardSwish,
  Elu,
  Selu,
  Celu,
  Gelu,
  Mish,
  Softplus,
  Softsign,
  ThresholdedRelu,
  Swish,
  Shrink,
  SwiGLU,
  Clip6,
  Clip,
];
