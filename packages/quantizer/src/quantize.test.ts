import { type Graph, print, type Value } from '@octavo/core/ir';
import { StoredTensor, Tensor } from '@octavo/core/tensor';
import { encodeModel } from '@octavo/formats';
import { describe, expect, it } from 'vitest';
import { comparableWeights } from '../tests/full-range-products.node.js';
import {
  codeOf,
  feedsOf,
  modelOf,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
  samplesOf,
  sqnrOf,
  weights,
} from '../tests/run-models.js';
import type { CalibrationSample } from './calibrate.js';
import { quantizeModel } from './quantize.js';
import type { Mode, Recipe } from './recipe.js';

const NETWORK = `graph opset 17 {
  input %x: float32[1, 2, 6, 6]
  ${weights('w', [4, 2, 3, 3], 1, 18)}
  ${weights('b', [4], 2, 4)}
  const %shape: int64[2] = [1, -1]
  ${weights('v', [64, 32], 3, 64)}
  %c = Conv(%x, %w, %b) @conv
  %r = Relu(%c)
  %f = Reshape(%r, %shape)
  %y = MatMul(%f, %v) @head
  output %y
}`;

const MODES: readonly Partial<Recipe>[] = [
  { mode: 'static' },
  { mode: 'dynamic' },
  { mode: 'weight-only', weights: 'int4' },
  { mode: 'fp16' },
];

describe.each(MODES)('quantizeModel: $mode', (recipe) => {
  it('leaves the source model as it was', async () => {
    const source = modelOf(NETWORK);
    const before = print(source.graph);
    await quantize(source, recipe);
    expect(print(source.graph)).toBe(before);
  });

  it('keeps names of inputs and outputs, metadata and documentation', async () => {
    const source = modelOf(NETWORK);
    source.metadata.set('author', 'someone');
    source.docString = 'values houses';
    source.graph.name = 'net';
    source.producerName = 'pytorch';
    source.modelVersion = 7;
    const { model } = await quantize(source, recipe);
    const ends = (graph: Graph): string[] => [...graph.inputs, ...graph.outputs].map((value) => value.name);
    expect(ends(model.graph)).toEqual(['x', 'y']);
    expect(model.metadata).toEqual(new Map([['author', 'someone']]));
    expect([model.docString, model.graph.name, model.modelVersion]).toEqual(['values houses', 'net', 7]);
    expect(model.producerName).toBe('octavo');
  });

  it('gives the same bytes each time', async () => {
    const encode = async (): Promise<Uint8Array> => {
      const { model } = await quantize(modelOf(NETWORK), recipe);
      for (const value of model.graph.initializers) await residentCopy(value);
      return encodeModel(model);
    };
    expect(await encode()).toEqual(await encode());
  });

  it('raises the opset only as far as needed', async () => {
    const { model } = await quantize(modelOf(NETWORK.replace('opset 17', 'opset 12')), recipe);
    expect(model.graph.opset).toBe(recipe.mode === 'static' ? 13 : 12);
  });

  it('takes files of the first opset that is read', async () => {
    const source = modelOf(`graph opset 7 {
      input %x: float32[2, 32]
      ${weights('w', [32, 32], 1, 32)}
      ${weights('v', [32, 32], 2, 32)}
      %a = MatMul(%x, %w)
      %r = Clip(%a) {min=-0.5, max=0.75}
      %u = Unsqueeze(%r) {axes=[0]}
      %s = Squeeze(%u) {axes=[0]}
      %y = MatMul(%s, %v)
      output %y
    }`);
    source.irVersion = 3;
    const { model } = await quantize(source, recipe);
    const feeds = feedsOf(source.graph, 1);
    const float = await runOnReference(source, feeds);
    const least = recipe.weights ? 12 : 25;
    expect(sqnrOf(float, await runOnReference(model, feeds))).toBeGreaterThan(least);
    const theirs = await runOnOnnxRuntime(comparableWeights(model), feeds);
    expect(sqnrOf(await runOnReference(model, feeds), theirs)).toBeGreaterThan(30);
    if (recipe.mode === 'static') {
      const quantizers = model.graph.nodes.filter((node) => node.op.name === 'QuantizeLinear');
      expect(quantizers.map((node) => node.inputs[0]?.name)).toEqual(['x', 'r', 'u', 's']);
    }
  });

  it('leaves the graphs of If nodes float in static mode, and reaches them in all others', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[2, 32]
      input %flag: bool[]
      ${weights('w', [32, 32], 1, 32)}
      %a = MatMul(%x, %w) @before
      %i = If(%flag) {
        then_branch=graph then(%ca = %a, %cw = %w) { %t = MatMul(%ca, %cw) output %t },
        else_branch=graph else(%cb = %a) { %e = Neg(%cb) output %e }
      } @choice
      %y = MatMul(%i, %w) @after
      output %y
    }`);
    const samples = samplesWithFlag(source.graph);
    const { model, text } = await quantize(source, recipe, { calibration: samples });
    const inner: Partial<Record<Mode, string>> = {
      dynamic: '= MatMulInteger(%ca_quantized, ',
      'weight-only': '= com.microsoft::MatMulNBits(%ca, ',
      fp16: '%t_float16: float16[2, 32] = MatMul(%ca, %cw)',
    };
    expect(text).toContain(inner[recipe.mode ?? 'static'] ?? '%t: float32[2, 32] = MatMul(%ca, %cw)');
    for (const { feeds } of samples.slice(0, 2)) {
      const expected = await runOnReference(source, feeds);
      expect(sqnrOf(expected, await runOnReference(model, feeds))).toBeGreaterThan(recipe.weights ? 12 : 25);
    }
    for (const { feeds } of samples.slice(0, 2)) {
      const theirs = await runOnOnnxRuntime(comparableWeights(model), feeds);
      expect(sqnrOf(await runOnReference(model, feeds), theirs)).toBeGreaterThan(30);
    }
  });

  it('gives nodes of one name different ones', async () => {
    const source = modelOf(NETWORK.replace('@conv', '@same').replace('@head', '@same'));
    const { model } = await quantize(source, recipe);
    const names = model.graph.nodes.map((node) => node.name).filter((name) => name);
    expect(names).toEqual([...new Set(names)]);
    const feeds = feedsOf(source.graph, 1);
    const { y } = await runOnOnnxRuntime(model, feeds);
    expect(y?.shape).toEqual([1, 32]);
  });
});

describe('quantizeModel', () => {
  it.each([
    [{ mode: 'weight-only', blockSize: 24 }, 'RECIPE_BLOCK_SIZE'],
    [{ mode: 'dynamic', io: 'uint8' }, 'RECIPE_IO'],
    [{ mode: 'static', io: 'int8' }, 'RECIPE_IO'],
    [{ mode: 'dynamic', weights: 'int4' }, 'RECIPE_WEIGHTS'],
    [{ mode: 'static', exclude: ['*'] }, 'NOTHING_TO_QUANTIZE'],
    [{ mode: 'dynamic', include: ['Softmax'] }, 'NOTHING_TO_QUANTIZE'],
    [{ mode: 'weight-only', exclude: ['MatMul'] }, 'NOTHING_TO_QUANTIZE'],
  ] as const)('refuses the recipe %o with %s', async (recipe, code) => {
    expect(await codeOf(quantize(modelOf(NETWORK), recipe))).toBe(code);
  });

  it('needs calibration data for static quantization only', async () => {
    expect(await codeOf(quantizeModel(modelOf(NETWORK)))).toBe('CALIBRATION_MISSING');
    expect(await codeOf(quantizeModel(modelOf(NETWORK), { recipe: { mode: 'fp16' } }))).toBe('accepted');
  });

  it('warns of patterns that match no node', async () => {
    const { report } = await quantize(modelOf(NETWORK), { exclude: ['stem/*', 'conv'] });
    expect(report.warnings).toEqual(['the pattern stem/* matches no node.']);
  });

  it('stops between samples when asked', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const onSample = (count: number): void => {
      seen.push(count);
      if (count === 2) controller.abort(new Error('stopped'));
    };
    await expect(quantize(modelOf(NETWORK), {}, { signal: controller.signal, onSample })).rejects.toThrow(
      'stopped',
    );
    expect(seen).toEqual([1, 2]);
  });

  it('folds a batch normalization into the convolution before it', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 2, 4, 4]
      ${weights('w', [2, 2, 3, 3], 1, 18)}
      const %s: float32[2] = [2, 0.5]
      const %o: float32[2] = [0.1, -0.2]
      const %m: float32[2] = [0.3, -0.3]
      const %d: float32[2] = [1.5, 0.7]
      %c = Conv(%x, %w) @conv
      %y = BatchNormalization(%c, %s, %o, %m, %d)
      output %y
    }`);
    const { model, report } = await quantize(source);
    expect(model.graph.nodes.map((node) => node.op.name)).not.toContain('BatchNormalization');
    expect(report.preparation.join()).toContain('batch-norm');
    const feeds = feedsOf(source.graph, 3);
    expect(sqnrOf(await runOnReference(source, feeds), await runOnReference(model, feeds))).toBeGreaterThan(
      30,
    );
  });
});

/** Random samples that take either branch in turn. */
function samplesWithFlag(graph: Graph): CalibrationSample[] {
  return samplesOf(graph, 4).map(({ feeds }, i) => ({
    feeds: { ...feeds, flag: new Tensor('bool', [], Uint8Array.of(i % 2)) },
  }));
}

/** Brings the elements of a deferred initializer into memory. */
async function residentCopy(value: Value): Promise<void> {
  if (value.constant) value.constant = StoredTensor.of(await value.constant.load());
}
