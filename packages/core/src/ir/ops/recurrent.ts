import { attr } from '../attribute.js';
import { contradiction, type Dims, realDType, typeOf } from '../dims.js';
import type { Node } from '../node.js';
import { defineOp, type Op } from '../op.js';
import type { Dim, TensorType, Value } from '../value.js';
import { faultOfOperands, type RecurrentLayer } from './recurrent-operands.js';

const recurrentAttributes = {
  activation_alpha: attr.floats(),
  activation_beta: attr.floats(),
  activations: attr.strings(),
  clip: attr.float(),
  direction: attr.oneOf('forward', 'reverse', 'bidirectional'),
  hidden_size: attr.int(),
  layout: attr.int(0),
};

/** What the recurrent ops have in common. */
interface RecurrentInputs {
  readonly X: Value;
  readonly R: Value;
}

/** Types of Y and of each final state: `[S, D, B, H]` and `[D, B, H]`, or `[B, S, D, H]` and `[B, D, H]` in layout 1. */
function recurrentTypes(
  node: Node,
  { X, R }: RecurrentInputs,
  { direction, hidden_size, layout, transposed }: Omit<RecurrentLayer, 'gates'>,
): readonly [TensorType | undefined, TensorType | undefined, TensorType | undefined] {
  const fault = recurrentFault(node);
  if (fault !== undefined) contradiction(fault);
  const dtype = realDType(X);
  if (!X.shape) return [typeOf(dtype), typeOf(dtype), typeOf(dtype)];
  const directions = direction === 'bidirectional' ? 2 : 1;
  const hidden: Dim = hidden_size ?? R.shape?.[transposed ? 1 : 2] ?? null;
  const [first = null, second = null] = X.shape;
  const state = typeOf(dtype, layout ? [first, directions, hidden] : [directions, second, hidden]);
  const sequence: Dims = layout ? [first, second, directions, hidden] : [first, directions, second, hidden];
  return [typeOf(dtype, sequence), state, state];
}

/**
 * Long short-term memory; gates in the order i, o, f, c. X `[S, B, I]`, W `[D, 4H, I]`, R `[D, 4H, H]`, B `[D, 8H]`,
 * P (peepholes i, o, f) `[D, 3H]`.
 */
export const LSTM = defineOp({
  name: 'LSTM',
  since: 7,
  inputs: ['X', 'W', 'R', 'B?', 'sequence_lens?', 'initial_h?', 'initial_c?', 'P?'],
  outputs: ['Y?', 'Y_h?', 'Y_c?'],
  attributes: { ...recurrentAttributes, input_forget: attr.int(0) },
  inferTypes: ({ node, inputs, attributes }) => recurrentTypes(node, inputs, attributes),
});

/** Gated recurrent unit; gates in the order z, r, h. X `[S, B, I]`, W `[D, 3H, I]`, R `[D, 3H, H]`, B `[D, 6H]`. */
export const GRU = defineOp({
  name: 'GRU',
  since: 7,
  inputs: ['X', 'W', 'R', 'B?', 'sequence_lens?', 'initial_h?'],
  outputs: ['Y?', 'Y_h?'],
  attributes: { ...recurrentAttributes, linear_before_reset: attr.int(0) },
  inferTypes: ({ node, inputs, attributes }) => recurrentTypes(node, inputs, attributes).slice(0, 2),
});

/** Plain recurrence `H = f(X W' + H R' + B)`. X `[S, B, I]`, W `[D, H, I]`, R `[D, H, H]`, B `[D, 2H]`. */
export const RNN = defineOp({
  name: 'RNN',
  since: 7,
  inputs: ['X', 'W', 'R', 'B?', 'sequence_lens?', 'initial_h?'],
  outputs: ['Y?', 'Y_h?'],
  attributes: recurrentAttributes,
  inferTypes: ({ node, inputs, attributes }) => recurrentTypes(node, inputs, attributes).slice(0, 2),
});

const { layout: _, ...quantizedAttributes } = recurrentAttributes;

/**
 * LSTM with weights of 8 bits whose input, and whose hidden state in each step, is quantized to uint8 by its own range.
 * W `[D, I, 4H]` and R `[D, H, 4H]` are transposed; scales and zero points are `[D]` or `[D, 4H]`; the rest is as in
 * {@link LSTM} of layout 0.
 */
export const DynamicQuantizeLSTM = defineOp({
  name: 'DynamicQuantizeLSTM',
  domain: 'com.microsoft',
  inputs: [
    'X',
    'W',
    'R',
    'B?',
    'sequence_lens?',
    'initial_h?',
    'initial_c?',
    'P?',
    'W_scale',
    'W_zero_point',
    'R_scale',
    'R_zero_point',
  ],
  outputs: ['Y?', 'Y_h?', 'Y_c?'],
  attributes: { ...quantizedAttributes, input_forget: attr.int(0) },
  inferTypes: ({ node, inputs, attributes }) =>
    recurrentTypes(node, inputs, { ...attributes, transposed: true }),
});

function layerOf(node: Node): RecurrentLayer | undefined {
  if (LSTM.is(node)) return { gates: 4, ...LSTM.attributes(node) };
  if (GRU.is(node)) return { gates: 3, ...GRU.attributes(node) };
  if (RNN.is(node)) return { gates: 1, ...RNN.attributes(node) };
  if (!DynamicQuantizeLSTM.is(node)) return undefined;
  return { gates: 4, transposed: true, ...DynamicQuantizeLSTM.attributes(node) };
}

/**
 * What is wrong with the shapes of the operands of a recurrent node: which one, what its shape must be and what it is.
 * Undefined where all that is known fits, and for nodes of other ops.
 * @param shapes Of the inputs by position, where a run knows more than their types say.
 */
export function recurrentFault(
  node: Node,
  shapes: readonly Dims[] = node.inputs.map((value) => value?.shape),
): string | undefined {
  const layer = layerOf(node);
  const named = node.inputs.map((value, index) => [
    node.op.inputSlots[index]?.replace('?', ''),
    value && { name: value.name, shape: shapes[index] },
  ]);
  return layer && faultOfOperands(Object.fromEntries(named), layer);
}

export const recurrentOps: readonly Op[] = [LSTM, GRU, RNN, DynamicQuantizeLSTM];
