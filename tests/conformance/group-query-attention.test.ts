import { GroupQueryAttention, type Value } from '@octavo/core/ir';
import { fromNumbers, int64, type Tensor } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectAgreement } from './agreement.js';
import { type Trial, trial } from './both-runtimes.js';
import { integersIn, reals, scales, seed } from './random-tensors.js';

const RUNS = { numRuns: 40 };
const count = (most: number) => fc.integer({ min: 1, max: most });

/** What is fed: a prompt, one token a sample behind pasts of several lengths, or several tokens of one sample. */
const step = fc.oneof(
  fc.record({ batch: count(3), queries: count(5), past: fc.constant(0) }),
  fc.record({ batch: count(3), queries: fc.constant(1), past: count(5) }),
  fc.record({ batch: fc.constant(1), queries: count(4), past: count(4) }),
);

const shape = fc.record({
  step,
  shared: count(2),
  group: count(3),
  width: fc.constantFrom(16, 32),
  packed: fc.boolean(),
  rotary: fc.constantFrom('none', 'halves', 'pairs', 'positions'),
  extra: fc.constantFrom('none', 'window', 'softcap', 'bias', 'sink', 'smooth', 'bidirectional'),
  scores: fc.constantFrom(0, 1, 2),
  cache: fc.constantFrom('float', 'int8', 'int4'),
  perChannel: fc.boolean(),
  room: fc.constantFrom(0, 3),
});

type Case = typeof shape extends fc.Arbitrary<infer T> ? T : never;

/** What a case adds to the node: one at a time, as onnxruntime has separate code for some. */
function extras({ extra, step: { queries, past }, group, shared }: Case, start: number) {
  return {
    attributes: {
      local_window_size: extra === 'window' ? 2 : -1,
      softcap: extra === 'softcap' ? 1.5 : 0,
      smooth_softmax: extra === 'smooth' ? 1 : 0,
      causal: extra === 'bidirectional' ? 0 : 1,
    },
    bias: extra === 'bias' ? reals([1, group * shared, queries, past + queries], start + 20) : undefined,
    sink: extra === 'sink' ? reals([group * shared], start + 21) : undefined,
  };
}

function rotary(t: Trial, { rotary: kind, width, step: { batch, queries, past } }: Case, start: number) {
  if (kind === 'none') return {};
  const cache = [past + queries + 4, width / 2] as const;
  const ids = Array.from({ length: batch * queries }, (_, i) => 2 + (i % queries));
  return {
    cos_cache: t.constant(reals(cache, start + 10)),
    sin_cache: t.constant(reals(cache, start + 11)),
    position_ids: kind === 'positions' ? t.input(int64(ids, [batch, queries])) : undefined,
  };
}

/** Past keys and values, with the scales that they need. */
function pasts(t: Trial, c: Case, start: number) {
  const { batch, past } = c.step;
  const places = past > 0 ? past + c.room : 0;
  const size = c.cache === 'int4' ? c.width / 2 : c.width;
  const dims = [batch, c.shared, places, size];
  const fill = (at: number): Tensor =>
    c.cache === 'float'
      ? reals(dims, at)
      : c.cache === 'int8'
        ? integersIn('int8', dims, at, -128, 127)
        : integersIn('uint8', dims, at, 0, 255);
  const scale = (at: number): Value => {
    const factors = c.perChannel ? scales(c.shared * c.width, at, [1, c.shared, 1, c.width]) : scales(1, at);
    const data = c.cache === 'int4' ? factors.data.map((x) => 10 * x) : factors.data;
    return t.constant(fromNumbers('float32', factors.shape, data));
  };
  if (past === 0 && c.cache === 'float') return {};
  return {
    past_key: t.input(fill(start + 5)),
    past_value: t.input(fill(start + 6)),
    ...(c.cache === 'float' ? {} : { k_scale: scale(start + 7), v_scale: scale(start + 8) }),
  };
}

function build(t: Trial, c: Case, start: number) {
  const { batch, queries, past } = c.step;
  const heads = c.group * c.shared;
  const hidden = (count: number) => [batch, queries, count * c.width];
  const total = past + queries;
  // onnxruntime leaves the scores of keys that a shorter sample lacks as they were in memory.
  const shorter = (i: number) => (queries === 1 && c.scores === 0 ? Math.max(1, total - i) : total);
  const last = Array.from({ length: batch }, (_, i) => shorter(i) - 1);
  const { attributes, bias, sink } = extras(c, start);
  const type = c.cache === 'float' ? 'NONE' : c.perChannel ? 'PER_CHANNEL' : 'PER_TENSOR';
  return t.graph.emit(
    GroupQueryAttention,
    {
      query: t.input(reals(hidden(c.packed ? heads + 2 * c.shared : heads), start)),
      key: c.packed ? undefined : t.input(reals(hidden(c.shared), start + 1)),
      value: c.packed ? undefined : t.input(reals(hidden(c.shared), start + 2)),
      ...pasts(t, c, start),
      seqlens_k: t.input(fromNumbers('int32', [batch], last)),
      total_sequence_length: t.constant(fromNumbers('int32', [1], [total])),
      ...rotary(t, c, start),
      attention_bias: bias && t.input(bias),
      head_sink: sink && t.constant(sink),
    },
    {
      num_heads: heads,
      kv_num_heads: c.shared,
      do_rotary: c.rotary === 'none' ? 0 : 1,
      rotary_interleaved: c.rotary === 'pairs' ? 1 : 0,
      k_quant_type: type,
      v_quant_type: type,
      kv_cache_bit_width: c.cache === 'float' ? 0 : c.cache === 'int8' ? 8 : 4,
      qk_output: c.scores,
      ...attributes,
    },
    { outputs: c.scores ? 4 : 3 },
  ).outputs;
}

describe('GroupQueryAttention agrees with onnxruntime', () => {
  it('as prompt and step, packed or not, with float and quantized caches', async () => {
    await fc.assert(
      fc.asyncProperty(shape, seed, (c, start) =>
        expectAgreement(
          trial((t) => build(t, c, start)),
          1e-5,
        ),
      ),
      RUNS,
    );
  });
});
