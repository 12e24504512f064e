import { roundHalfEven } from '../../quant/index.js';
import type { AttributeSchema, AttributesOf } from '../attribute.js';
import type { Node } from '../node.js';
import type { Op, OpDefinition, Slot } from '../op.js';
import {
  Abs,
  Acos,
  Acosh,
  Asin,
  Asinh,
  Atan,
  Atanh,
  Ceil,
  Celu,
  Clip6,
  Cos,
  Cosh,
  Elu,
  Erf,
  Exp,
  Floor,
  Gelu,
  HardSigmoid,
  HardSwish,
  LeakyRelu,
  Log,
  MicrosoftGelu,
  Mish,
  Neg,
  QuickGelu,
  Reciprocal,
  Relu,
  Round,
  Selu,
  Shrink,
  Sigmoid,
  Sign,
  Sin,
  Sinh,
  Softplus,
  Softsign,
  Sqrt,
  Swish,
  Tan,
  Tanh,
  ThresholdedRelu,
} from '../ops/index.js';
import {
  celu,
  clamp,
  elu,
  gelu,
  geluTanh,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  mish,
  type RealFunction,
  relu,
  selu,
  shrink,
  sigmoid,
  softplus,
  softsign,
  swish,
  thresholdedRelu,
} from './activations.js';
import { erf } from './erf.js';

/** An op that computes one function of each element of its only operand. */
export interface UnaryFunction {
  readonly op: Op;
  /** The function with the attributes of a node, in float64. */
  of(node: Node): RealFunction;
}

function unary<I extends readonly Slot[], O extends readonly Slot[], A extends AttributeSchema>(
  op: OpDefinition<I, O, A>,
  bind: (attributes: AttributesOf<A>) => RealFunction,
): UnaryFunction {
  return { op, of: (node) => bind(op.attributes(node)) };
}

/** What unary ops compute of real numbers: the one definition for every backend that computes or tabulates them. */
export const UNARY_FUNCTIONS: readonly UnaryFunction[] = [
  unary(Abs, () => Math.abs),
  unary(Neg, () => (x) => -x),
  unary(Sign, () => Math.sign),
  unary(Sqrt, () => Math.sqrt),
  unary(Exp, () => Math.exp),
  unary(Log, () => Math.log),
  unary(Reciprocal, () => (x) => 1 / x),
  unary(Floor, () => Math.floor),
  unary(Ceil, () => Math.ceil),
  unary(Round, () => roundHalfEven),
  unary(Erf, () => erf),
  unary(Sin, () => Math.sin),
  unary(Cos, () => Math.cos),
  unary(Tan, () => Math.tan),
  unary(Asin, () => Math.asin),
  unary(Acos, () => Math.acos),
  unary(Atan, () => Math.atan),
  unary(Sinh, () => Math.sinh),
  unary(Cosh, () => Math.cosh),
  unary(Asinh, () => Math.asinh),
  unary(Acosh, () => Math.acosh),
  unary(Atanh, () => Math.atanh),
  unary(Relu, () => relu),
  unary(LeakyRelu, ({ alpha }) => leakyRelu(alpha)),
  unary(Sigmoid, () => sigmoid),
  unary(Tanh, () => Math.tanh),
  unary(HardSigmoid, ({ alpha, beta }) => hardSigmoid(alpha, beta)),
  unary(HardSwish, () => hardSwish),
  unary(Elu, ({ alpha }) => elu(alpha)),
  unary(Selu, ({ alpha, gamma }) => selu(alpha, gamma)),
  unary(Celu, ({ alpha }) => celu(alpha)),
  unary(Gelu, ({ approximate }) => (approximate === 'tanh' ? geluTanh : gelu)),
  unary(MicrosoftGelu, () => gelu),
  unary(QuickGelu, ({ alpha }) => swish(alpha)),
  unary(Mish, () => mish),
  unary(Softplus, () => softplus),
  unary(Softsign, () => softsign),
  unary(ThresholdedRelu, ({ alpha }) => thresholdedRelu(alpha)),
  unary(Swish, ({ alpha }) => swish(alpha)),
  unary(Shrink, ({ bias, lambd }) => shrink(bias, lambd)),
  unary(Clip6, ({ min, max }) => clamp(min, max)),
];
