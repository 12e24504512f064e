import type { DType } from '../../tensor/index.js';
import { attr } from '../attribute.js';
import {
  contradiction,
  type Dims,
  dimsToString,
  knownDim,
  productOfDims,
  sumOfDims,
  typeOf,
} from '../dims.js';
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

/** Zero points are of the type of what they belong to. Throws `INFER_TYPES` when they are not. */
function likeIntegers(name: string, integers: DType | undefined, zeroPoint: DType | undefined): void {
  if (integers && zeroPoint && integers !== zeroPoint)
    contradiction(`the zero point of the ${name} is ${zeroPoint}, not ${integers}.`);
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
    likeIntegers('input', inputs.input.dtype, inputs.input_zero_point?.dtype);
    likeIntegers('weight', inputs.weight.dtype, inputs.weight_zero_point?.dtype);
    const sizes = sequenceDims(inputs.input.shape);
    if (!sizes) return [typeOf(dtype), typeOf(dtype)];
    const [batch, length] = sizes;
    const hidden = partOf((inputs.weight.shape ?? inputs.bias.shape)?.at(-1), 3);
    const past = inputs.past ? (inputs.past.shape?.[3] ?? null) : 0;
    const present = [2, batch, heads, sumOfDims([past, length]), partOf(hidden, heads)];
    return [typeOf(dtype, [batch, length, hidden]), typeOf(dtype, present)];
  },
});

/**
 * Attention of `num_heads` query heads that share `kv_num_heads` keys and values, with a cache. `query` `[B, S, H]` comes
 * alone when it holds all three, one after the other. `past_*` and `present_*` are `[B, kv heads, T, width]`, where T is the
 * greater of the past's length and `total_sequence_length`; sample b has `seqlens_k[b] + 1` keys, its new ones last. A query
 * sees the keys up to its own (all without `causal`), at most the last `local_window_size`. `do_rotary` rotates queries and
 * keys by their positions. `head_sink` (0 for `smooth_softmax`) takes a share of the softmax. Quantized caches (int8, or two
 * 4-bit integers plus 8 in a uint8) are symmetric, with one scale or one a head and channel.
 */
export const GroupQueryAttention = defineOp({
  name: 'GroupQueryAttention',
  domain,
  inputs: [
    'query',
    'key?',
    'value?',
    'past_key?',
    'past_value?',
    'seqlens_k',
    'total_sequence_length',
    'cos_cache?',
    'sin_cache?',
    'position_ids?',
    'attention_bias?',
    'head_sink?',
    'k_scale?',
    'v_scale?',
    'q_norm_weight?',
    'k_norm_weight?',
  ],
  outputs: ['output', 'present_key?', 'present_value?', 'output_qk?'],
  attributes: {
    num_heads: attr.required.int(),
    kv_num_heads: attr.required.int(),
    scale: attr.float(0),
    softcap: attr.float(0),
    causal: attr.int(1),
    local_window_size: attr.int(-1),
    sliding_window_cache: attr.int(0),
    do_rotary: attr.int(0),
    rotary_interleaved: attr.int(0),
    smooth_softmax: attr.int(-1),
    qk_output: attr.int(0),
    k_quant_type: attr.oneOf('NONE', 'PER_TENSOR', 'PER_CHANNEL'),
    v_quant_type: attr.oneOf('NONE', 'PER_TENSOR', 'PER_CHANNEL'),
    kv_cache_bit_width: attr.int(0),
    qk_norm_epsilon: attr.float(Math.fround(1e-6)),
  },
  inferTypes: ({ inputs, attributes, dims }) => {
    const { num_heads: heads, kv_num_heads: shared, kv_cache_bit_width: bits } = attributes;
    const dtype = inputs.query.dtype;
    const cached = inputs.past_key?.dtype ?? dtype;
    const sizes = sequenceDims(inputs.query.shape);
    if (!sizes) return [typeOf(dtype), typeOf(cached), typeOf(cached), typeOf(dtype)];
    const [batch, length, columns] = sizes;
    const width = partOf(columns, inputs.key ? heads : heads + 2 * shared);
    const [total = null] = dims(inputs.total_sequence_length) ?? [];
    const past = inputs.past_key ? inputs.past_key.shape?.[2] : 0;
    const longest = knownDim(total) && knownDim(past) ? Math.max(total, past) : null;
    const slots = bits === 4 && knownDim(width) ? Math.ceil(width / 2) : width;
    const present = typeOf(cached, [batch, shared, longest, slots]);
    return [
      typeOf(dtype, [batch, length, inputs.key ? columns : productOfDims([heads, width])]),
      present,
      present,
      typeOf(dtype, [batch, heads, length, total]),
    ];
  },
});

export const microsoftAttentionOps: readonly Op[] = [QAttention, GroupQueryAttention];
