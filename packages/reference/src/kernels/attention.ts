import { defineKernel, type Kernel } from '@octavo/backend';
import { Attention, RotaryEmbedding } from '@octavo/core/ir';
import { toNumbers } from '@octavo/core/tensor';
import { attend, type ScoreStage } from '../attend.js';
import { appendHeads, joinHeads, splitHeads } from '../attention-heads.js';
import { attentionMask } from '../attention-mask.js';
import { floats, floatTensor } from '../floats.js';
import { refuse } from '../integer-operands.js';
import { operand } from '../operand.js';

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

/** `(cos x - sin y, sin x + cos y)` of each pair (x, y): neighbours when interleaved, else half the rotated width apart. */
const rotaryEmbedding = defineKernel(RotaryEmbedding, {
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const x = operand(inputs, 0);
      const heads = splitHeads(x, attributes.num_heads || undefined);
      const [cos, sin] = [floats(operand(inputs, 1)), floats(operand(inputs, 2))];
      const positions = inputs[3] && toNumbers(inputs[3]);
      const rotated = attributes.rotary_embedding_dim || heads.width;
      if (rotated < 0 || rotated > heads.width || rotated % 2 !== 0) {
        refuse(`${rotated} elements of heads of ${heads.width} do not rotate in pairs.`);
      }
      const half = rotated / 2;
      const interleaved = attributes.interleaved !== 0;
      const out = Float64Array.from(heads.data);
      for (let row = 0; row < heads.batch * heads.heads * heads.length; row++) {
        const batch = Math.floor(row / (heads.heads * heads.length));
        const token = batch * heads.length + (row % heads.length);
        const angles = (positions ? (positions[token] ?? 0) : token) * half;
        for (let i = 0; i < half; i++) {
          const first = row * heads.width + (interleaved ? 2 * i : i);
          const second = first + (interleaved ? 1 : half);
          const [a, b] = [heads.data[first] ?? 0, heads.data[second] ?? 0];
          const [c, s] = [cos[angles + i] ?? 1, sin[angles + i] ?? 0];
          out[first] = c * a - s * b;
          out[second] = s * a + c * b;
        }
      }
      const result = { ...heads, data: out };
      return [floatTensor(x.dtype, x.shape, x.shape.length === 3 ? joinHeads(result) : out)];
    },
});

export const attentionKernels: readonly Kernel[] = [attention, rotaryEmbedding];
