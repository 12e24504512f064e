import { attr } from '../attribute.js';
import {
  contradiction,
  type Dims,
  dimsToString,
  disagree,
  knownDim,
  productOfDims,
  sameType,
  sumOfDims,
  typeOf,
} from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim } from '../value.js';

/** `[batch, heads, length, width]` of `[batch, length, heads * width]`; four axes are heads already. */
function headDims(shape: Dims, heads: number | undefined): readonly Dim[] | undefined {
  if (!shape || shape.length === 4) return shape;
  if (shape.length !== 3) contradiction(`attention takes 3 or 4 axes, found ${dimsToString(shape)}.`);
  const [batch = null, length = null, hidden] = shape;
  const width = knownDim(hidden) && heads ? hidden / heads : null;
  return [batch, heads ?? null, length, width];
}

/**
 * Throws `INFER_TYPES` where queries, keys and values belong to no common batch, keys or width, or the heads of queries
 * to no equal groups.
 */
function checkHeads(q: readonly Dim[], k: readonly Dim[], v: readonly Dim[]): void {
  const pairs = [
    [q[0], k[0]],
    [q[0], v[0]],
    [k[1], v[1]],
    [k[2], v[2]],
    [q[3], k[3]],
  ];
  const areGroups = !knownDim(q[1]) || !knownDim(k[1]) || k[1] === 0 || q[1] % k[1] === 0;
  if (areGroups && !pairs.some(([a, b]) => disagree(a, b))) return;
  const [queries, keys, values] = [q, k, v].map(dimsToString);
  contradiction(`queries ${queries}, keys ${keys} and values ${values} do not fit each other.`);
}

/**
 * Scaled dot product attention: `softmax(softcap(Q K' scale) + mask) V`, by head. Q `[B, H, q, d]` or `[B, q, H d]`, K and
 * V likewise with fewer heads where groups of query heads share them. `past_*` come before K and V. A bool mask keeps
 * where it is true, a float mask is added. `nonpad_kv_seqlen` holds the number of valid keys of each sample.
 */
export const Attention = defineOp({
  name: 'Attention',
  since: 23,
  inputs: ['Q', 'K', 'V', 'attn_mask?', 'past_key?', 'past_value?', 'nonpad_kv_seqlen?'],
  outputs: ['Y', 'present_key?', 'present_value?', 'qk_matmul_output?'],
  attributes: {
    is_causal: attr.int(0),
    kv_num_heads: attr.int(),
    q_num_heads: attr.int(),
    qk_matmul_output_mode: attr.int(0),
    scale: attr.float(),
    softcap: attr.float(0),
    softmax_precision: attr.int(),
  },
  inferTypes: ({ inputs, attributes }) => {
    const q = headDims(inputs.Q.shape, attributes.q_num_heads);
    const k = headDims(inputs.K.shape, attributes.kv_num_heads);
    const v = headDims(inputs.V.shape, attributes.kv_num_heads);
    const [query] = sameType(inputs.Q);
    if (!query || !q || !k || !v) return [];
    checkHeads(q, k, v);
    const past = inputs.past_key ? (inputs.past_key.shape?.[2] ?? null) : 0;
    const total = sumOfDims([past, k[2] ?? null]);
    const [batch = null, heads = null, length = null] = q;
    const width = v[3] ?? null;
    const y =
      inputs.Q.shape?.length === 3
        ? [batch, length, productOfDims([heads, width])]
        : [batch, heads, length, width];
    return [
      typeOf(query.dtype, y),
      typeOf(query.dtype, [batch, k[1] ?? null, total, k[3] ?? null]),
      typeOf(query.dtype, [batch, v[1] ?? null, total, width]),
      typeOf(query.dtype, [batch, heads, length, total]),
    ];
  },
});

/**
 * Rotates pairs of the first `rotary_embedding_dim` numbers of each head by the angles whose cosines and sines the caches
 * hold: `[positions, dim / 2]` with `position_ids`, else `[B, S, dim / 2]`. X is `[B, H, S, d]` or `[B, S, H d]`.
 */
export const RotaryEmbedding = defineOp({
  name: 'RotaryEmbedding',
  since: 23,
  inputs: ['X', 'cos_cache', 'sin_cache', 'position_ids?'],
  outputs: ['Y'],
  attributes: {
    interleaved: attr.int(0),
    num_heads: attr.int(0),
    rotary_embedding_dim: attr.int(0),
  },
  inferTypes: ({ inputs }) => sameType(inputs.X),
});

export const attentionOps: readonly Op[] = [Attention, RotaryEmbedding];
