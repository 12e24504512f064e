import { createModel, GroupQueryAttention, QMoE } from '@octavo/core/ir';
import { fromNumbers, int64, type Tensor } from '@octavo/core/tensor';
import { encodeModel } from '@octavo/formats';
import { describe, expect, it } from 'vitest';
import { runOnnxruntime, runReference, trial } from './both-runtimes.js';
import { integersIn, reals, scales } from './random-tensors.js';

/** Operands of a node by name. */
type Operands = Readonly<Record<string, Tensor>>;

interface Refused {
  readonly name: string;
  readonly operands: Operands;
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly message: RegExp;
  /** Whether onnxruntime runs it, as it reads only a part of an operand. */
  readonly runs?: boolean;
}

/** Two query heads of 16 numbers that share keys, one token behind three. */
const STEP: Operands = {
  query: reals([1, 1, 32], 1),
  key: reals([1, 1, 16], 2),
  value: reals([1, 1, 16], 3),
  past_key: reals([1, 1, 3, 16], 4),
  past_value: reals([1, 1, 3, 16], 5),
  seqlens_k: fromNumbers('int32', [1], [3]),
  total_sequence_length: fromNumbers('int32', [1], [4]),
};

const rotary = (cos: readonly number[], sin: readonly number[] = cos): Operands => ({
  cos_cache: reals(cos, 6),
  sin_cache: reals(sin, 7),
});

const bytes = integersIn('int8', [1, 1, 3, 16], 8, -128, 127);
const quantized = (...scale: Tensor[]): Operands => ({
  past_key: bytes,
  past_value: bytes,
  ...(scale[0] ? { k_scale: scale[0], v_scale: scale[0] } : {}),
});
const kind = (type: string, bits: number) => ({
  k_quant_type: type,
  v_quant_type: type,
  kv_cache_bit_width: bits,
});

const ATTENTIONS: readonly Refused[] = [
  {
    name: 'a position behind the angles',
    operands: rotary([3, 8]),
    message: /position 3 is not among the 3 with angles/,
  },
  {
    name: 'a given position behind the angles',
    operands: { ...rotary([5, 8]), position_ids: int64([7], [1, 1]) },
    message: /position 7 is not among the 5/,
  },
  {
    name: 'a negative position',
    operands: { ...rotary([5, 8]), position_ids: int64([-1], [1, 1]) },
    message: /position -1 is not among the 5/,
  },
  {
    name: 'fewer sines than cosines',
    operands: rotary([5, 8], [4, 8]),
    message: /cosines \[5, 8\] and sines \[4, 8\]/,
    runs: true,
  },
  { name: 'narrower sines', operands: rotary([5, 8], [5, 4]), message: /sines \[5, 4\]/ },
  { name: 'another number of sinks', operands: { head_sink: reals([3], 9) }, message: /3 sinks .* 2 heads/ },
  {
    name: 'a quantized cache without scales',
    operands: quantized(),
    attributes: kind('PER_TENSOR', 8),
    message: /PER_TENSOR takes 1 scales, found none/,
  },
  {
    name: 'a cache with too many scales',
    operands: quantized(scales(2, 10)),
    attributes: kind('PER_TENSOR', 8),
    message: /takes 1 scales, found 2/,
  },
  {
    name: 'a cache with too few scales',
    operands: quantized(scales(1, 10)),
    attributes: kind('PER_CHANNEL', 8),
    message: /takes 16 scales, found 1/,
  },
  {
    name: 'a cache of as many numbers in another shape',
    operands: { past_key: reals([1, 2, 3, 8], 4), past_value: reals([1, 2, 3, 8], 5) },
    message: /\[1, 2, 3, 8\], not \[1, 1, 3, 16\]/,
  },
  {
    name: 'sequences of other samples',
    operands: { seqlens_k: fromNumbers('int32', [2], [3, 3]) },
    message: /1 samples come with 2 ends/,
  },
  {
    name: '4-bit heads that do not fill bytes',
    operands: {
      query: reals([1, 1, 14], 1),
      key: reals([1, 1, 7], 2),
      value: reals([1, 1, 7], 3),
      past_key: integersIn('uint8', [1, 1, 3, 4], 8, 0, 255),
      past_value: integersIn('uint8', [1, 1, 3, 4], 8, 0, 255),
      k_scale: scales(1, 10),
      v_scale: scales(1, 10),
    },
    attributes: kind('PER_TENSOR', 4),
    message: /heads of 7 numbers of 4 bits/,
  },
];

/** Two experts of 64 numbers, three tokens. */
const MIXTURE: Operands = {
  input: reals([3, 64], 1),
  router_probs: reals([3, 2], 2),
  fc1_experts_weights: integersIn('uint8', [2, 64, 32], 3, 0, 255),
  fc1_scales: scales(128, 4, [2, 64]),
  fc2_experts_weights: integersIn('uint8', [2, 64, 32], 5, 0, 255),
  fc2_scales: scales(128, 6, [2, 64]),
};

const MIXTURES: readonly Refused[] = [
  {
    name: 'weights of fewer experts than scores',
    operands: { router_probs: reals([3, 4], 2) },
    message: /first weights are \[2, 64, 32\], not \[4, 64, 32\]/,
  },
  {
    name: 'first weights of another width',
    operands: { fc1_experts_weights: integersIn('uint8', [2, 64, 16], 3, 0, 255) },
    message: /first weights are \[2, 64, 16\], not \[2, 64, 32\]/,
  },
  {
    name: 'second weights that do not take what the first give',
    operands: { fc2_experts_weights: integersIn('uint8', [2, 64, 16], 5, 0, 255) },
    message: /second weights are \[2, 64, 16\], not \[2, 64, 32\]/,
  },
  {
    name: 'biases of another number of rows',
    operands: { fc1_experts_bias: reals([2, 63], 7) },
    message: /first biases are \[2, 63\], not \[2, 64\]/,
  },
  {
    name: 'scales of fewer experts',
    operands: { fc2_scales: scales(64, 6, [1, 64]) },
    message: /those of 1 experts, not 2/,
  },
  {
    name: 'router weights of fewer tokens',
    operands: { router_weights: reals([2, 2], 8) },
    message: /router_weights are \[2, 2\], not \[3, 2\]/,
  },
];

/** What the cases differ from, which must run: a refusal says nothing where nothing does. */
const ACCEPTED: Refused = { name: 'nothing', operands: {}, message: /never/ };

const NODES = [
  {
    name: 'GroupQueryAttention',
    cases: ATTENTIONS,
    accepted: [
      { ...ACCEPTED, name: 'plain' },
      { ...ACCEPTED, name: 'rotated', operands: rotary([5, 8]) },
      {
        ...ACCEPTED,
        name: 'a quantized cache',
        operands: quantized(scales(1, 10)),
        attributes: kind('PER_TENSOR', 8),
      },
    ],
    build: ({ operands, attributes }: Refused) =>
      trial((t) => {
        const all = { ...STEP, ...operands };
        const values = Object.entries(all).map(([name, tensor]) => [name, t.input(tensor)]);
        return t.graph.emit(
          GroupQueryAttention,
          Object.fromEntries(values),
          { num_heads: 2, kv_num_heads: 1, do_rotary: all['cos_cache'] ? 1 : 0, ...attributes },
          { outputs: 3 },
        ).outputs;
      }),
  },
  {
    name: 'QMoE',
    cases: MIXTURES,
    accepted: [ACCEPTED],
    build: ({ operands }: Refused) =>
      trial((t) => {
        const values = Object.entries({ ...MIXTURE, ...operands }).map(([name, tensor]) => [
          name,
          t.input(tensor),
        ]);
        return t.graph.emit(QMoE, Object.fromEntries(values), { k: 1, activation_type: 'relu' }).outputs;
      }),
  },
];

describe.each(NODES)('$name runs, as onnxruntime does,', ({ accepted, build }) => {
  it.each(accepted)('$name', async (each) => {
    const { graph, feeds } = build(each);
    const ours = await runReference(graph, feeds);
    const theirs = await runOnnxruntime(encodeModel(createModel(graph)), graph, feeds);
    expect(ours.map(({ shape }) => shape)).toEqual(theirs.map(({ shape }) => shape));
  });
});

describe.each(NODES)('$name refuses, as onnxruntime does,', ({ cases, build }) => {
  it.each(cases)('$name', async (refused) => {
    const { graph, feeds } = build(refused);
    await expect(runReference(graph, feeds)).rejects.toThrow(refused.message);
    const theirs = runOnnxruntime(encodeModel(createModel(graph)), graph, feeds);
    if (refused.runs) await theirs;
    else await expect(theirs).rejects.toThrow();
  });
});
