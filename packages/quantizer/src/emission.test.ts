import { toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { comparableWeights } from '../tests/full-range-products.node.js';
import {
  feedsOf,
  modelOf,
  normals,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
  sqnrOf,
  weights,
} from '../tests/run-models.js';
import type { Recipe } from './recipe.js';

const NETWORK = `graph opset 13 {
  input %x: float32[1, 4, 6, 6]
  ${weights('w', [8, 4, 3, 3], 1, 36)}
  ${weights('b', [8], 2, 4)}
  ${weights('v', [8, 8, 1, 1], 3, 8)}
  ${weights('fc', [8, 16], 4, 8)}
  ${weights('fcb', [16], 5, 4)}
  ${weights('m', [16, 4], 6, 16)}
  %c = Conv(%x, %w, %b) {pads=[1, 1, 1, 1]} @conv
  %r = Relu(%c)
  %d = Conv(%r, %v) @pointwise
  %s = Add(%d, %r) @sum
  %p = GlobalAveragePool(%s) @pool
  %f = Flatten(%p)
  %g = Gemm(%f, %fc, %fcb) @gemm
  %k = Relu(%g)
  %y = MatMul(%k, %m) @matmul
  output %y
}`;

describe('static models as integer ops', () => {
  const recipes: readonly Partial<Recipe>[] = [
    {},
    { perChannel: false },
    { activations: 'int8' },
    { activations: 'int8', symmetricActivations: true },
    { symmetricActivations: true, weights: 'uint8', symmetricWeights: true },
  ];
  it.each(recipes)('give the same numbers in onnxruntime and in our session: %o', async (recipe) => {
    const source = modelOf(NETWORK);
    const { model, report } = await quantize(source, { ...recipe, format: 'qoperator' });
    comparableWeights(model);
    expect(model.graph.nodes.filter(({ op }) => op.name === 'DequantizeLinear')).toEqual([]);
    expect(report.warnings).toEqual([]);
    const feeds = feedsOf(source.graph, 3);
    expect(await runOnOnnxRuntime(model, feeds)).toEqual(await runOnReference(model, feeds));
  });

  it('name the layers that keep their pairs, with reasons', async () => {
    const { report } = await quantize(modelOf(NETWORK), { format: 'qoperator', weights: 'uint8' });
    expect(report.warnings).toContain('conv keeps its Q/DQ pairs: its weights have several zero points.');
  });
});

describe('the opset of a static model', () => {
  const small = (opset: number) => `graph opset ${opset} {
    input %x: float32[2, 32]
    ${weights('w', [32, 8], 1, 32)}
    %y = MatMul(%x, %w) @layer
    output %y
  }`;
  it.each([
    [11, {}, 13],
    [17, {}, 17],
    [17, { weights: 'int4' }, 21],
    [17, { activations: 'uint16' }, 21],
    [17, { weights: 'int16' }, 21],
    [17, { weightOnlyFormat: 'qdq', layers: [{ weights: { granularity: 'per-block' } }] }, 21],
    [17, { weights: 'uint2' }, 25],
    [22, { weights: 'int4' }, 22],
  ] satisfies [number, Partial<Recipe>, number][])('%d under %j becomes %d', async (from, recipe, to) => {
    const { model } = await quantize(modelOf(small(from)), recipe);
    expect(model.graph.opset).toBe(to);
    await runOnOnnxRuntime(model, feedsOf(model.graph, 1));
  });
});

describe('a bias that int32 on the scale of input times weight cannot hold', () => {
  const LARGE = '[3e6, -3e6, 1e-3, 0]';
  const layers = {
    Conv: `input %x: float32[2, 3, 5, 5]
      ${weights('w', [4, 3, 3, 3], 1, 1e9)}
      const %b: float32[4] = ${LARGE}
      %y = Conv(%x, %w, %b)`,
    ConvTranspose: `input %x: float32[2, 3, 5, 5]
      ${weights('w', [3, 4, 3, 3], 1, 1e9)}
      const %b: float32[4] = ${LARGE}
      %y = ConvTranspose(%x, %w, %b)`,
    Gemm: `input %x: float32[2, 6]
      ${weights('w', [4, 6], 1, 1e9)}
      const %b: float32[4] = ${LARGE}
      %y = Gemm(%x, %w, %b) {transB=1}`,
  };

  it.each(
    Object.entries(layers).flatMap(([op, text]) =>
      [{}, { perChannel: false }, { activations: 'int8' }, { symmetricActivations: true }].map(
        (recipe) => [op, recipe as Partial<Recipe>, text] as const,
      ),
    ),
  )('never saturates in a static model: %s, %j', async (_, recipe, text) => {
    const source = modelOf(`graph opset 13 {\n${text}\noutput %y\n}`);
    const { model } = await quantize(source, recipe);
    const bias = model.graph.nodes.find(({ inputs }) => inputs[0]?.dtype === 'int32');
    const [stored, scales] = bias?.inputs.map((value) => value?.constant?.peek()) ?? [];
    if (!stored || !scales) throw new Error('the bias is constant');
    const steps = toNumbers(scales);
    [3e6, -3e6, 1e-3, 0].forEach((real, c) => {
      const integer = toNumbers(stored)[c] ?? Number.NaN;
      const step = steps[steps.length === 1 ? 0 : c] ?? Number.NaN;
      expect(Math.abs(integer)).toBeLessThanOrEqual(2 ** 30 + 2 ** 7);
      expect(Math.abs(integer * step - real)).toBeLessThanOrEqual(step / 2 + Math.abs(real) * 2 ** -50);
    });
  });

  it('keeps its value: the weight scale of its channel is raised, and int32 has no zero point', async () => {
    const source = modelOf(`graph opset 13 {
      input %x: float32[4, 16]
      const %w: float32[16, 2] = [${normals(32, 1).map((each, i) => (i % 2 ? each : each * 1e-9))}]
      const %b: float32[2] = [1000, 1]
      %y = Gemm(%x, %w, %b) @layer
      output %y
    }`);
    const { model, report } = await quantize(source);
    expect(report.decisions[0]?.because).toContain('1 weight scales raised for the bias');
    const bias = model.graph.nodes.find(({ inputs }) => inputs[0]?.dtype === 'int32');
    expect(bias?.op.name).toBe('DequantizeLinear');
    expect(bias?.inputs).toHaveLength(2);
    const [stored, scales] = bias?.inputs.map((value) => value?.constant?.peek()) ?? [];
    if (!stored || !scales) throw new Error('the bias is constant');
    const [first = 0, second = 0] = toNumbers(stored);
    const [firstScale = 0, secondScale = 0] = toNumbers(scales);
    expect(Math.abs(first)).toBeLessThanOrEqual(2 ** 30);
    expect(first * firstScale).toBeCloseTo(1000, 4);
    expect(second * secondScale).toBeCloseTo(1, 2);
    const feeds = feedsOf(source.graph, 2);
    expect(sqnrOf(await runOnReference(source, feeds), await runOnOnnxRuntime(model, feeds))).toBeGreaterThan(
      40,
    );
  });
});
