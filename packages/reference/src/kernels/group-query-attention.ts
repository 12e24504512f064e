import { defineKernel, SUPPORTED, type Support, unsupported } from '@octavo/backend';
import { GroupQueryAttention, type Node } from '@octavo/core/ir';
import { sameShape, type Tensor, toNumbers } from '@octavo/core/tensor';
import { attend } from '../attend.js';
import { type Heads, joinHeads, splitHeads, takeHeads } from '../attention-heads.js';
import { attentionMask, type Mask } from '../attention-mask.js';
import { floats, floatTensor } from '../floats.js';
import { refuse, scalar } from '../integer-operands.js';
import { cacheFormat, extendCache } from '../kv-cache.js';
import { operand } from '../operand.js';
import { rotateHeads } from '../rotary.js';

type Attributes = ReturnType<typeof GroupQueryAttention.attributes>;
type Inputs = readonly (Tensor | undefined)[];

/** Where each sample's new vectors stand in its sequence. */
interface Timeline {
  /** Places a head of the cache. */
  readonly length: number;
  pastOf(batch: number): number;
  position(batch: number, at: number): number;
}

function supports(node: Node): Support {
  const attributes = GroupQueryAttention.attributes(node);
  if (node.inputs[14] || node.inputs[15]) return unsupported('GroupQueryAttention with query and key norms');
  if (attributes.sliding_window_cache) return unsupported('GroupQueryAttention with a cache of a window');
  if (attributes.k_quant_type !== attributes.v_quant_type) {
    return unsupported('GroupQueryAttention with keys and values quantized differently');
  }
  return attributes.qk_output >= 0 && attributes.qk_output <= 2
    ? SUPPORTED
    : unsupported(`GroupQueryAttention with scores of kind ${attributes.qk_output}`);
}

/** Query, key and value heads, from three tensors or from one that holds them side by side. */
function projections(
  inputs: Inputs,
  { num_heads: heads, kv_num_heads: shared }: Attributes,
): [Heads, Heads, Heads] {
  const query = operand(inputs, 0);
  const [key, value] = [inputs[1], inputs[2]];
  if (key && value) return [splitHeads(query, heads), splitHeads(key, shared), splitHeads(value, shared)];
  const all = splitHeads(query, heads + 2 * shared);
  return [takeHeads(all, 0, heads), takeHeads(all, heads, shared), takeHeads(all, heads + shared, shared)];
}

/** A prompt starts its sample's sequence; later calls append to what `seqlens_k` leaves before the new vectors. */
function timeline(inputs: Inputs, queries: number): Timeline {
  const [batch = 1] = operand(inputs, 0).shape;
  const last = toNumbers(operand(inputs, 5));
  if (last.length !== batch) refuse(`${batch} samples come with ${last.length} ends of their sequences.`);
  const total = scalar(operand(inputs, 6));
  const ids = inputs[9];
  const positions = ids && toNumbers(ids);
  const stride = ids?.shape.at(-1) ?? queries;
  const prompt = queries === total;
  const pastOf = (batch: number) => (prompt ? 0 : (last[batch] ?? 0) + 1 - queries);
  return {
    length: Math.max(total, inputs[3]?.shape[2] ?? 0),
    pastOf,
    position: (batch, at) => {
      if (!positions) return pastOf(batch) + at;
      return prompt ? (positions[0] ?? 0) + at : (positions[batch * stride + at] ?? 0);
    },
  };
}

/** Which keys a query sees, and what `attention_bias` adds to their scores. */
function visibleKeys(inputs: Inputs, attributes: Attributes, { pastOf }: Timeline): Mask {
  const { causal, local_window_size: window } = attributes;
  const valid = toNumbers(operand(inputs, 5)).map((last) => last + 1);
  const base = attentionMask({
    mask: inputs[10],
    causalOffset: causal ? pastOf : undefined,
    validKeys: valid,
  });
  return (batch, head, query, key) =>
    window > 0 && key <= pastOf(batch) + query - window
      ? Number.NEGATIVE_INFINITY
      : base(batch, head, query, key);
}

/** Attention with a cache; see `ops/microsoft-attention.ts`. */
export const groupQueryAttention = defineKernel(GroupQueryAttention, {
  supports,
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const [query, key, value] = projections(inputs, attributes);
      if (key.length !== query.length) refuse(`${query.length} queries come with ${key.length} keys.`);
      const time = timeline(inputs, query.length);
      const rotate = rotation(inputs, attributes, time);
      const cache = (next: Heads, past: Tensor | undefined, scales: Tensor | undefined) => {
        const dtype = past?.dtype ?? operand(inputs, 0).dtype;
        const quantization = { kind: attributes.k_quant_type, bits: attributes.kv_cache_bit_width, scales };
        return extendCache(past, next, cacheFormat(dtype, quantization, next), time);
      };
      const keys = cache(rotate(key), inputs[3], inputs[12]);
      const values = cache(value, inputs[4], inputs[13]);
      const sinks = sinksOf(inputs[11], attributes.num_heads);
      const smooth = attributes.smooth_softmax > 0;
      const { y, scores } = attend(rotate(query), keys.heads, values.heads, {
        scale: attributes.scale || 1 / Math.sqrt(query.width),
        softcap: attributes.softcap,
        mask: visibleKeys(inputs, attributes, time),
        shown: attributes.qk_output === 1 ? 'masked' : 'softmax',
        ...(sinks || smooth ? { sink: (head: number) => sinks?.[head] ?? 0 } : {}),
      });
      const { dtype, shape } = operand(inputs, 0);
      const [batch = 1, length = 1] = shape;
      const total = scalar(operand(inputs, 6));
      return [
        floatTensor(dtype, [batch, length, query.heads * query.width], joinHeads(y)),
        keys.present,
        values.present,
        floatTensor(
          dtype,
          [batch, query.heads, length, total],
          shownScores(scores, keys.heads.length, total),
        ),
      ];
    },
});

/** One score a query head. Throws KernelError `KERNEL_OPERAND` when there is another number of them. */
function sinksOf(sink: Tensor | undefined, heads: number): ArrayLike<number> | undefined {
  if (sink && sink.size !== heads) refuse(`${sink.size} sinks do not belong to ${heads} heads.`);
  return sink && toNumbers(sink);
}

function rotation(inputs: Inputs, attributes: Attributes, { position }: Timeline): (heads: Heads) => Heads {
  if (!attributes.do_rotary) return (heads) => heads;
  const [cos, sin] = [operand(inputs, 7), operand(inputs, 8)];
  if (cos.shape.length !== 2 || !sameShape(cos.shape, sin.shape)) {
    refuse(`cosines [${cos.shape.join(', ')}] and sines [${sin.shape.join(', ')}] are no two like matrices.`);
  }
  const rotated = 2 * (cos.shape[1] ?? 0);
  const interleaved = attributes.rotary_interleaved !== 0;
  return (heads) => rotateHeads(heads, floats(cos), floats(sin), { rotated, interleaved, position });
}

/** The first `total` scores of each query; those of hidden keys are shown as 0. */
function shownScores(scores: Float64Array, places: number, total: number): Float64Array {
  return scores
    .filter((_, i) => i % places < total)
    .map((score) => (score === Number.NEGATIVE_INFINITY ? 0 : score));
}
