import { attr } from '../attribute.js';
import { type Dims, knownDim, mergeDim, mergeDims, realDType, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim, TensorType, Value } from '../value.js';

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
  readonly W: Value;
  readonly R: Value;
}

interface RecurrentAttributes {
  readonly hidden_size: number | undefined;
  readonly layout: number;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
}

/**
 * Throws `INFER_TYPES` unless W is `[D, gates * H, I]` and R `[D, gates * H, H]`, as far as that is known.
 * @returns H.
 */
function checkWeights({ X, W, R }: RecurrentInputs, attributes: RecurrentAttributes, gates: number): Dim {
  const directions = attributes.direction === 'bidirectional' ? 2 : 1;
  const hidden = mergeDim(attributes.hidden_size ?? null, R.shape?.[2] ?? null);
  const rows = knownDim(hidden) ? gates * hidden : null;
  mergeDims(W.shape, [directions, rows, X.shape?.[2] ?? null]);
  mergeDims(R.shape, [directions, rows, hidden]);
  return hidden;
}

/** Types of Y and of each final state: `[S, D, B, H]` and `[D, B, H]`, or `[B, S, D, H]` and `[B, D, H]` in layout 1. */
function recurrentTypes(
  inputs: RecurrentInputs,
  attributes: RecurrentAttributes,
  gates: number,
): { readonly sequence: TensorType | undefined; readonly state: TensorType | undefined } {
  const size = checkWeights(inputs, attributes, gates);
  const dtype = realDType(inputs.X);
  const [shape, weights]: [Dims, Dims] = [inputs.X.shape, inputs.R.shape];
  if (!shape) return { sequence: typeOf(dtype), state: typeOf(dtype) };
  const directions: Dim = weights?.[0] ?? null;
  const hidden: Dim = knownDim(size) ? size : null;
  const [first, second] = [shape[0] ?? null, shape[1] ?? null];
  return attributes.layout === 0
    ? {
        sequence: typeOf(dtype, [first, directions, second, hidden]),
        state: typeOf(dtype, [directions, second, hidden]),
      }
    : {
        sequence: typeOf(dtype, [first, second, directions, hidden]),
        state: typeOf(dtype, [first, directions, hidden]),
      };
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
  inferTypes: ({ inputs, attributes }) => {
    const { sequence, state } = recurrentTypes(inputs, attributes, 4);
    return [sequence, state, state];
  },
});

/** Gated recurrent unit; gates in the order z, r, h. X `[S, B, I]`, W `[D, 3H, I]`, R `[D, 3H, H]`, B `[D, 6H]`. */
export const GRU = defineOp({
  name: 'GRU',
  since: 7,
  inputs: ['X', 'W', 'R', 'B?', 'sequence_lens?', 'initial_h?'],
  outputs: ['Y?', 'Y_h?'],
  attributes: { ...recurrentAttributes, linear_before_reset: attr.int(0) },
  inferTypes: ({ inputs, attributes }) => {
    const { sequence, state } = recurrentTypes(inputs, attributes, 3);
    return [sequence, state];
  },
});

/** Plain recurrence `H = f(X W' + H R' + B)`. X `[S, B, I]`, W `[D, H, I]`, R `[D, H, H]`, B `[D, 2H]`. */
export const RNN = defineOp({
  name: 'RNN',
  since: 7,
  inputs: ['X', 'W', 'R', 'B?', 'sequence_lens?', 'initial_h?'],
  outputs: ['Y?', 'Y_h?'],
  attributes: recurrentAttributes,
  inferTypes: ({ inputs, attributes }) => {
    const { sequence, state } = recurrentTypes(inputs, attributes, 1);
    return [sequence, state];
  },
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
  inferTypes: ({ inputs: { X, W, R }, attributes }) => {
    const directions = attributes.direction === 'bidirectional' ? 2 : 1;
    const hidden = mergeDim(attributes.hidden_size ?? null, R.shape?.[1] ?? null);
    const columns = knownDim(hidden) ? 4 * hidden : null;
    mergeDims(W.shape, [directions, X.shape?.[2] ?? null, columns]);
    mergeDims(R.shape, [directions, hidden, columns]);
    const dtype = realDType(X);
    if (!X.shape) return [typeOf(dtype), typeOf(dtype), typeOf(dtype)];
    const [steps = null, batch = null] = X.shape;
    const state = typeOf(dtype, [directions, batch, hidden]);
    return [typeOf(dtype, [steps, directions, batch, hidden]), state, state];
  },
});

export const recurrentOps: readonly Op[] = [LSTM, GRU, RNN, DynamicQuantizeLSTM];
