import { defineKernel, SUPPORTED, unsupported } from '@octavo/backend';
import { QAttention } from '@octavo/core/ir';
import { Tensor } from '@octavo/core/tensor';
import { attend } from '../attend.js';
import { appendHeads, type Heads, joinHeads, splitHeads, takeHeads } from '../attention-heads.js';
import { floats, floatTensor } from '../floats.js';
import { refuse } from '../integer-operands.js';
import { integerSums, scaleProduct } from '../integer-product.js';
import { addBroadcast } from '../matmul-plan.js';
import { operand } from '../operand.js';
import { paddingMask } from '../padding-mask.js';
import { integerOperand } from './integer.js';

/** The heads of queries, then of keys, then of values: the integer product of input and weights, scaled, plus bias. */
function projection(inputs: readonly (Tensor | undefined)[], heads: number): Heads {
  const input = integerOperand(operand(inputs, 0), operand(inputs, 3), inputs[6]);
  const weight = integerOperand(operand(inputs, 1), operand(inputs, 4), inputs[7]);
  const bias = operand(inputs, 2);
  const { plan, sums } = integerSums(input, weight);
  const data = scaleProduct(new Int32Array(sums), plan, input.scales, weight.scales);
  addBroadcast(data, plan.shape, floats(bias), bias.shape, 1);
  if (plan.shape.length !== 3 || plan.columns % 3 !== 0) {
    refuse(`a projection to [${plan.shape.join(', ')}] does not hold queries, keys and values.`);
  }
  return splitHeads(floatTensor('float32', plan.shape, data), 3 * heads);
}

/** Keys (0) or values (1) of the past, as heads. */
function pastHeads(past: Tensor | undefined, index: number): Heads | undefined {
  if (!past) return undefined;
  const [, ...shape] = past.shape;
  if (past.shape.length !== 5 || past.shape[0] !== 2)
    refuse(`a past of [${past.shape.join(', ')}] is not [2, ...heads].`);
  const size = past.size / 2;
  const data = Float32Array.from(floats(past).subarray(index * size, (index + 1) * size));
  return splitHeads(new Tensor('float32', shape, data), undefined);
}

/** Integer projection, then float attention; see `ops/microsoft-attention.ts`. */
export const qAttention = defineKernel(QAttention, {
  supports: (node) => {
    const { do_rotary: rotary, past_present_share_buffer: shared } = QAttention.attributes(node);
    if (rotary) return unsupported('QAttention with rotary embedding');
    return shared ? unsupported('QAttention whose past and present share a buffer') : SUPPORTED;
  },
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const { num_heads: heads, mask_filter_value: filter } = attributes;
      const projected = projection(inputs, heads);
      const q = takeHeads(projected, 0, heads);
      const k = appendHeads(pastHeads(inputs[8], 0), takeHeads(projected, heads, heads));
      const v = appendHeads(pastHeads(inputs[8], 1), takeHeads(projected, 2 * heads, heads));
      const sequence = { batch: q.batch, queries: q.length, past: k.length - q.length };
      const { y } = attend(q, k, v, {
        scale: attributes.scale || 1 / Math.sqrt(q.width),
        softcap: 0,
        mask: paddingMask(inputs[5], sequence, attributes.unidirectional !== 0, filter),
        shown: 'softmax',
      });
      const present = new Float32Array(k.data.length + v.data.length);
      present.set(k.data);
      present.set(v.data, k.data.length);
      return [
        floatTensor('float32', [q.batch, q.length, heads * q.width], joinHeads(y)),
        new Tensor('float32', [2, k.batch, k.heads, k.length, k.width], present),
      ];
    },
});
