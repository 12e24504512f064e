import { QMoE } from '@octavo/core/ir';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectAgreement } from './agreement.js';
import { type Trial, trial } from './both-runtimes.js';
import { integersIn, reals, scales, seed } from './random-tensors.js';

const shape = fc.record({
  tokens: fc.integer({ min: 1, max: 6 }),
  hidden: fc.constantFrom(64, 128),
  inner: fc.constantFrom(64, 128),
  experts: fc.integer({ min: 1, max: 5 }),
  k: fc.integer({ min: 1, max: 3 }),
  bits: fc.constantFrom(2, 4, 8),
  block: fc.constantFrom(0, 16),
  activation_type: fc.constantFrom('relu', 'gelu', 'silu', 'swiglu', 'identity'),
  limited: fc.boolean(),
  zeroPoints: fc.boolean(),
  bias: fc.boolean(),
  router: fc.constantFrom('probabilities', 'weights', 'normalized weights'),
  batched: fc.boolean(),
});

type Case = typeof shape extends fc.Arbitrary<infer T> ? T : never;

/** Weights, scales, bias and zero points of one layer of every expert. */
function layer(t: Trial, c: Case, rows: number, columns: number, start: number) {
  const { experts, bits, block } = c;
  const groups = block ? [experts, rows, columns / block] : [experts, rows];
  const count = groups.reduce((a, b) => a * b, 1);
  const packed = (shape: readonly number[]) => shape.with(-1, ((shape.at(-1) ?? 0) * bits) / 8);
  return {
    weights: t.constant(integersIn('uint8', packed([experts, rows, columns]), start, 0, 255)),
    scales: t.constant(scales(count, start, groups)),
    bias: c.bias ? t.constant(reals([experts, rows], start + 1)) : undefined,
    zeroPoints: c.zeroPoints ? t.constant(integersIn('uint8', packed(groups), start + 2, 0, 255)) : undefined,
  };
}

function build(t: Trial, c: Case, start: number) {
  const gated = c.activation_type === 'swiglu';
  const first = layer(t, c, gated ? 2 * c.inner : c.inner, c.hidden, start + 10);
  const second = layer(t, c, c.hidden, c.inner, start + 20);
  const weights = reals([c.tokens, c.experts], start + 3);
  return t.graph.emit(
    QMoE,
    {
      input: t.input(reals(c.batched ? [1, c.tokens, c.hidden] : [c.tokens, c.hidden], start)),
      router_probs: t.input(reals([c.tokens, c.experts], start + 1)),
      fc1_experts_weights: first.weights,
      fc1_scales: first.scales,
      fc1_experts_bias: first.bias,
      fc2_experts_weights: second.weights,
      fc2_scales: second.scales,
      fc2_experts_bias: second.bias,
      fc1_zero_points: first.zeroPoints,
      fc2_zero_points: second.zeroPoints,
      router_weights: c.router === 'probabilities' ? undefined : t.input(weights),
    },
    {
      k: Math.min(c.k, c.experts),
      activation_type: c.activation_type,
      activation_alpha: 1.5,
      activation_beta: 0.5,
      swiglu_fusion: gated ? 1 : 0,
      swiglu_limit: c.limited ? 1 : undefined,
      normalize_routing_weights: c.router === 'normalized weights' ? 1 : 0,
      expert_weight_bits: c.bits,
      block_size: c.block || undefined,
    },
  ).outputs;
}

describe('QMoE agrees with onnxruntime', () => {
  it('with weights of 2, 4 and 8 bits by row and block, every activation and both routings', async () => {
    await fc.assert(
      fc.asyncProperty(shape, seed, (c, start) =>
        expectAgreement(
          trial((t) => build(t, c, start)),
          1e-5,
        ),
      ),
      { numRuns: 25 },
    );
  });
});
