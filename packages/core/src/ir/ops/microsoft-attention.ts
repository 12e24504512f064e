import { attr } from '../attribute.js';
import { contradiction, type Dims, dimsToString, knownDim, sumOfDims, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim } from '../value.js';

const domain = 'com.microsoft';

/** A dimension divided by a number of equal parts; null where it is not known. Throws `INFER_TYPES` when it leaves a rest. */
function partOf(dim: Dim | undefined, parts: number): Dim {
  if (!knownDim(dim) || parts < 1) return null;
  return dim % parts === 0 ? dim / parts : contradiction(`${dim} does not divide into ${parts} parts.`);
}

/** A shape of three axes. Throws `INFER_TYPES` when it has another number. */
function sequenceDims(shape: Dims): readonly [Dim, Dim, Dim] | undefined {
  if (shape && shape.length !== 3) contradiction(`attention takes 3 axes, found ${dimsToString(shape)}.`);
  return shape && [shape[0] ?? null, shape[1] ?? null, shape[2] ?? null];
}

/**
 * Self-attention whose projection is an integer product: `input` `[B, S, D]` times `weight` `[D, 3 H]` gives query, key and
 * value, `num_heads` heads each, dequantized by `input_scale * weight_scale` (one, or one a column), plus the float `bias`.
 * `mask_index` holds the number of keys of each sample `[B]`, their ends and starts `[2 B]`, or 0 for keys that are
 * hidden: `[B, T]` or `[B, S, T]`. `past` and `present` `[2, B, heads, T, width]` hold keys, then values.
 */
export const QAttention = defineOp({
  name: 'QAttention',
  domain,
  inputs: [
    'input',
    'weight',
    'bias',
    'input_scale',
    'weight_scale',
    'mask_index?',
    'input_zero_point?',
    'weight_zero_point?',
    'past?',
  ],
  outputs: ['output', 'present?'],
  attributes: {
    num_heads: attr.required.int(),
    unidirectional: attr.int(0),
    do_rotary: attr.int(0),
    past_present_share_buffer: attr.int(0),
    mask_filter_value: attr.float(-10000),
    scale: attr.float(),
  },
  inferTypes: ({ inputs, attributes: { num_heads: heads } }) => {
    const dtype = inputs.bias.dtype;
    const sizes = sequenceDims(inputs.input.shape);
    if (!sizes) return [typeOf(dtype), typeOf(dtype)];
    const [batch, length] = sizes;
    const hidden = partOf((inputs.weight.shape ?? inputs.bias.shape)?.at(-1), 3);
    const past = inputs.past ? (inputs.past.shape?.[3] ?? null) : 0;
    const present = [2, batch, heads, sumOfDims([past, length]), partOf(hidden, heads)];
    return [typeOf(dtype, [batch, length, hidden]), typeOf(dtype, present)];
  },
});

export const microsoftAttentionOps: readonly Op[] = [QAttention];
