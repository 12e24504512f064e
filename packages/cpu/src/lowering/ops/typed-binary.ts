import { type Support, supportUnless, unsupported } from '@octavo/backend';
import {
  Add,
  And,
  type AttributeSchema,
  Clip,
  Equal,
  Greater,
  GreaterOrEqual,
  Less,
  LessOrEqual,
  Max,
  Min,
  Mul,
  type Node,
  Not,
  type OpDefinition,
  Or,
  type Slot,
  Sub,
  type Value,
  Xor,
} from '@octavo/core/ir';
import { type DType, elementCount } from '@octavo/core/tensor';
import {
  type BroadcastOperand,
  broadcastLayout,
  broadcastOperand,
  broadcastWords,
  declineAxes,
} from '../broadcast.js';
import { requiredElementType } from '../element-type.js';
import { defineLowering, type Lowering } from '../lowering.js';
import type { Operand } from '../operand.js';
import type { ProgramBuilder } from '../program-builder.js';
import { dtypeOf, required, shapeOf, valueBytes } from '../static-value.js';

const COMPARED: ReadonlySet<DType> = new Set<DType>(['int32', 'int64', 'float32', 'uint8', 'bool']);
const COUNTED: ReadonlySet<DType> = new Set<DType>(['int32', 'int64']);
const TRUTHS: ReadonlySet<DType> = new Set<DType>(['bool']);

/** Why values are not those of one type among `types`, or undefined when they are. */
function declineTypes(values: readonly Value[], types: ReadonlySet<DType>): string | undefined {
  const [first] = values;
  if (!first) return 'it has no operands';
  const dtype = dtypeOf(first);
  let areAlike = true;
  for (const value of values) {
    if (value.quantized) return 'no kernel of integers for quantized values';
    areAlike &&= dtypeOf(value) === dtype;
  }
  if (!types.has(dtype)) return `no kernel for ${dtype}`;
  return areAlike ? undefined : 'its operands differ in type';
}

/** Emits a line of `native/src/elementwise/typed_binary_ops.inc` for elements of the type of `like`. */
function emitTyped(
  program: ProgramBuilder,
  name: string,
  like: Value,
  [a, b]: readonly [BroadcastOperand, BroadcastOperand],
  to: Operand,
): void {
  program.emit({
    name: `typed_${name}`,
    operands: [a.operand, b.operand, to],
    words: [requiredElementType(like), ...broadcastWords(a, b)],
  });
}

function typed<I extends readonly Slot[], O extends readonly Slot[], A extends AttributeSchema>(
  op: OpDefinition<I, O, A>,
  name: string,
  types: ReadonlySet<DType>,
): Lowering {
  return defineLowering(op, {
    supports: (node) => supportsTyped(node, types),
    lower: ({ node }, program) => {
      const [a, b, output] = [
        required(node.inputs[0], node),
        required(node.inputs[1], node),
        required(node.output, node),
      ];
      const shape = shapeOf(output);
      const layout = broadcastLayout(program, [a, b], shape);
      const left = broadcastOperand(program, a, shape, layout);
      const right = broadcastOperand(program, b, shape, layout);
      emitTyped(program, name, a, [left, right], program.output(output, { layout }));
    },
  });
}

function supportsTyped(node: Node, types: ReadonlySet<DType>): Support {
  const values = node.operands;
  if (values.length !== 2) return supportUnless(`no kernel of integers for ${values.length} operands`);
  return supportUnless(declineTypes(values, types) ?? declineAxes(shapeOf(required(node.output, node))));
}

/** The larger of each integer and the lower limit, then the smaller of that and the upper one. */
const clip = defineLowering(Clip, {
  supports: (node) => {
    const values = node.operands;
    const [, ...limits] = values;
    if (limits.some((limit) => elementCount(shapeOf(limit)) !== 1))
      return unsupported('a limit is no scalar');
    return supportUnless(declineTypes(values, COUNTED) ?? declineAxes(shapeOf(required(node.output, node))));
  },
  lower: ({ node }, program) => {
    const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
    const layout = program.layoutOf(input);
    const steps = [
      { name: 'max', limit: node.inputs[1] },
      { name: 'min', limit: node.inputs[2] },
    ].filter(({ limit }) => limit !== undefined);
    if (steps.length === 0) return program.alias(output, input, layout);
    let from = broadcastOperand(program, input, shapeOf(output), layout);
    steps.forEach(({ name, limit }, index) => {
      const isLast = index === steps.length - 1;
      const to = isLast ? program.output(output, { layout }) : program.scratch(valueBytes(output));
      const scalar = { operand: program.operand(required(limit, node)), sizes: [] };
      emitTyped(program, name, input, [from, scalar], to);
      from = { operand: to, sizes: from.sizes };
    });
  },
});

/** What is false is equal to false. */
const not = defineLowering(Not, {
  supports: (node) => {
    const input = required(node.inputs[0], node);
    return supportUnless(declineTypes([input], TRUTHS) ?? declineAxes(shapeOf(input)));
  },
  lower: ({ node }, program) => {
    const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
    const layout = program.layoutOf(input);
    const from = broadcastOperand(program, input, shapeOf(output), layout);
    const no = { operand: program.constant(Uint8Array.of(0)), sizes: [] };
    emitTyped(program, 'equal', input, [from, no], program.output(output, { layout }));
  },
});

/** Comparisons, and arithmetic of integers and truth values, of two operands. */
export const typedBinaryLowerings: readonly Lowering[] = [
  typed(Equal, 'equal', COMPARED),
  typed(Less, 'less', COMPARED),
  typed(LessOrEqual, 'less_or_equal', COMPARED),
  typed(Greater, 'greater', COMPARED),
  typed(GreaterOrEqual, 'greater_or_equal', COMPARED),
  typed(And, 'logical_and', TRUTHS),
  typed(Or, 'logical_or', TRUTHS),
  typed(Xor, 'logical_xor', TRUTHS),
  not,
  typed(Add, 'add', COUNTED),
  typed(Sub, 'sub', COUNTED),
  typed(Mul, 'mul', COUNTED),
  typed(Min, 'min', COUNTED),
  typed(Max, 'max', COUNTED),
  clip,
];
