import { SUPPORTED, supportUnless, unsupported } from '@octavo/backend';
import {
  Abs,
  type AttributeSchema,
  type AttributesOf,
  Clip,
  Clip6,
  Elu,
  Erf,
  Exp,
  Gelu,
  HardSigmoid,
  HardSwish,
  LeakyRelu,
  Log,
  MicrosoftGelu,
  Mish,
  Neg,
  type Node,
  type OpDefinition,
  QuickGelu,
  Reciprocal,
  Relu,
  Selu,
  Sigmoid,
  Sign,
  type Slot,
  Softplus,
  Softsign,
  Sqrt,
  Swish,
  Tanh,
  ThresholdedRelu,
} from '@octavo/core/ir';
import { elementCount } from '@octavo/core/tensor';
import { clipLimits } from '../activation.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { floatWord } from '../operand.js';
import type { ProgramBuilder } from '../program-builder.js';
import { required, shapeOf } from '../static-value.js';

/** A line of `native/src/elementwise/unary_ops.inc` with its parameters. */
export interface UnaryFunction {
  readonly name: string;
  readonly alpha?: number;
  readonly beta?: number;
}

/** Emits a function of each element, over its input where nobody else reads that. */
export function emitUnary(node: Node, program: ProgramBuilder, { name, alpha, beta }: UnaryFunction): void {
  const input = required(node.inputs[0], node);
  const layout = program.layoutOf(input);
  const from = program.operand(input, layout);
  program.emit({
    name: `unary_${name}`,
    operands: [from, program.output(required(node.output, node), { layout, over: from })],
    words: [elementCount(shapeOf(input)), floatWord(alpha ?? 0), floatWord(beta ?? 0)],
  });
}

function unary<I extends readonly Slot[], O extends readonly Slot[], A extends AttributeSchema>(
  op: OpDefinition<I, O, A>,
  functionOf: (attributes: AttributesOf<A>) => UnaryFunction,
): Lowering {
  return defineLowering(op, {
    supports: (node) => {
      return supportUnless(declineFloats([node.inputs[0]]));
    },
    lower: ({ node, attributes }, program) => emitUnary(node, program, functionOf(attributes)),
  });
}

const clip = defineLowering(Clip, {
  supports: (node) => {
    const reason = declineFloats([node.inputs[0]]);
    if (reason !== undefined) return unsupported(reason);
    const [, min, max] = node.inputs;
    return [min, max].every((limit) => !limit || limit.constant)
      ? SUPPORTED
      : unsupported('its limits are not constant');
  },
  lower: ({ node }, program) => {
    const limits = clipLimits(node, (value) => program.elements(value));
    emitUnary(node, program, { name: 'clip', alpha: limits?.low ?? 0, beta: limits?.high ?? 0 });
  },
});

/** Functions of one float. */
export const unaryLowerings: readonly Lowering[] = [
  unary(Abs, () => ({ name: 'abs' })),
  unary(Neg, () => ({ name: 'neg' })),
  unary(Sign, () => ({ name: 'sign' })),
  unary(Reciprocal, () => ({ name: 'reciprocal' })),
  unary(Sqrt, () => ({ name: 'sqrt' })),
  unary(Exp, () => ({ name: 'exp' })),
  unary(Log, () => ({ name: 'log' })),
  unary(Erf, () => ({ name: 'erf' })),
  unary(Sigmoid, () => ({ name: 'sigmoid' })),
  unary(Tanh, () => ({ name: 'tanh' })),
  unary(Relu, () => ({ name: 'relu' })),
  unary(Softplus, () => ({ name: 'softplus' })),
  unary(Softsign, () => ({ name: 'softsign' })),
  unary(Mish, () => ({ name: 'mish' })),
  unary(HardSwish, () => ({ name: 'hard_swish' })),
  unary(LeakyRelu, ({ alpha }) => ({ name: 'leaky_relu', alpha })),
  unary(ThresholdedRelu, ({ alpha }) => ({ name: 'thresholded_relu', alpha })),
  unary(Elu, ({ alpha }) => ({ name: 'elu', alpha })),
  unary(Selu, ({ alpha, gamma }) => ({ name: 'selu', alpha, beta: gamma })),
  unary(HardSigmoid, ({ alpha, beta }) => ({ name: 'hard_sigmoid', alpha, beta })),
  unary(Swish, ({ alpha }) => ({ name: 'swish', alpha })),
  unary(QuickGelu, ({ alpha }) => ({ name: 'swish', alpha })),
  unary(Gelu, ({ approximate }) => ({ name: approximate === 'tanh' ? 'gelu_tanh' : 'gelu' })),
  unary(MicrosoftGelu, () => ({ name: 'gelu' })),
  unary(Clip6, ({ min, max }) => ({ name: 'clip', alpha: min, beta: max })),
  clip,
];
