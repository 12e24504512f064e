import { defineKernel, type Kernel } from '@octavo/backend';
import { Attention, RotaryEmbedding } from '@octavo/core/ir';
import { toNumbers } from '@octavo/core/tensor';
import { attend, type ScoreStage } from '../attend.js';
import { appendHeads, joinHeads, splitHeads } from '../attention-heads.js';
import { attentionMask } from '../attention-mask.js';
import { floats, floatTensor } from '../floats.js';
import { operand } from '../operand.js';
import { rotateHeads } from '../rotary.js';

const STAGES: readonly ScoreStage[] = ['products', 'capped', 'masked', 'softmax'];

const attention = defineKernel(Attention, {
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const [qInput, pastKey, pastValue] = [operand(inputs, 0), inputs[4], inputs[5]];
      const q = splitHeads(qInput, attributes.q_num_heads);
      const newKeys = splitHeads(operand(inputs, 1), attributes.kv_num_heads);
      const newValues = splitHeads(operand(inputs, 2), attributes.kv_num_heads);
      const past = pastKey && splitHeads(pastKey, undefined);
      const k = appendHeads(past, newKeys);
      const v = appendHeads(pastValue && splitHeads(pastValue, undefined), newValues);
      const validKeys = inputs[6] && toNumbers(inputs[6]);
      const offset = (batch: number) => past?.length ?? (validKeys ? (validKeys[batch] ?? 0) - q.length : 0);
      const { y, scores } = attend(q, k, v, {
        scale: attributes.scale ?? 1 / Math.sqrt(q.width),
        softcap: attributes.softcap,
        mask: attentionMask({
          mask: inputs[3],
          causalOffset: attributes.is_causal ? offset : undefined,
          validKeys,
        }),
        shown: STAGES[attributes.qk_matmul_output_mode] ?? 'products',
      });
      const { dtype, shape } = qInput;
      const [batch = 1, length = 1] = shape;
      const joined = shape.length === 3;
      return [
        floatTensor(
          dtype,
          joined ? [batch, length, y.heads * y.width] : [y.batch, y.heads, y.length, y.width],
          joined ? joinHeads(y) : y.data,
        ),
        floatTensor(dtype, [k.batch, k.heads, k.length, k.width], k.data),
        floatTensor(dtype, [v.batch, v.heads, v.length, v.width], v.data),
        floatTensor(dtype, [q.batch, q.heads, q.length, k.length], scores),
      ];
    },
});

const rotaryEmbedding = defineKernel(RotaryEmbedding, {
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const x = operand(inputs, 0);
      const heads = splitHeads(x, attributes.num_heads || undefined);
      const [cos, sin] = [floats(operand(inputs, 1)), floats(operand(inputs, 2))];
      const positions = inputs[3] && toNumbers(inputs[3]);
      const result = rotateHeads(heads, cos, sin, {
        rotated: attributes.rotary_embedding_dim || heads.width,
        interleaved: attributes.interleaved !== 0,
        position: (batch, at) =>
          positions ? (positions[batch * heads.length + at] ?? 0) : batch * heads.length + at,
      });
      return [floatTensor(x.dtype, x.shape, x.shape.length === 3 ? joinHeads(result) : result.data)];
    },
});

export const attentionKernels: readonly Kernel[] = [attention, rotaryEmbedding];
