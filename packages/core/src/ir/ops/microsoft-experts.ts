import { attr } from '../attribute.js';
import { sameType } from '../dims.js';
import { defineOp, type Op } from '../op.js';

/**
 * Mixture of experts with weights of `expert_weight_bits` bits: each of the T rows of `input` goes through the `k` experts
 * of its greatest `router_probs` `[T, E]`, weighted by the softmax of those, or by `router_weights` `[T, E]`. An expert is
 * `fc2(activation(fc1(x)))` with weights `[E, rows, columns]`, low bits first, one scale a row or a block of
 * `block_size` columns, and zero points packed alike (default `2^(bits - 1)`). `swiglu` takes pairs of neighbours (g, l):
 * `g sigmoid(alpha g) (l + beta)`, clamped to `swiglu_limit` before.
 */
export const QMoE = defineOp({
  name: 'QMoE',
  domain: 'com.microsoft',
  inputs: [
    'input',
    'router_probs',
    'fc1_experts_weights',
    'fc1_scales?',
    'fc1_experts_bias?',
    'fc2_experts_weights',
    'fc2_scales?',
    'fc2_experts_bias?',
    'fc3_experts_weights?',
    'fc3_scales?',
    'fc3_experts_bias?',
    'fc1_zero_points?',
    'fc2_zero_points?',
    'fc3_zero_points?',
    'router_weights?',
    'fc1_global_scale?',
    'fc2_global_scale?',
    'fc1_act_scale?',
    'fc2_act_scale?',
    'fc1_act_block_scale?',
    'fc2_act_block_scale?',
  ],
  outputs: ['output'],
  attributes: {
    k: attr.int(1),
    activation_type: attr.oneOf('relu', 'gelu', 'silu', 'swiglu', 'identity'),
    activation_alpha: attr.float(1),
    activation_beta: attr.float(0),
    swiglu_fusion: attr.int(0),
    swiglu_limit: attr.float(),
    normalize_routing_weights: attr.int(0),
    use_sparse_mixer: attr.int(0),
    expert_weight_bits: attr.int(4),
    block_size: attr.int(0),
    quant_type: attr.string('int'),
    weights_prepacked: attr.int(-1),
  },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

export const microsoftExpertOps: readonly Op[] = [QMoE];
