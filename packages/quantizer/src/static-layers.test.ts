import { fromNumbers } from '@octavo/core/tensor';
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

/** Layers in the forms that exporters write, each between an input `x` and an output `y`. */
const LAYERS: Readonly<Record<string, string>> = {
  'Conv without bias': `input %x: float32[1, 2, 5, 5]
    ${weights('w', [3, 2, 3, 3], 1, 18)}
    %y = Conv(%x, %w)`,
  'grouped Conv with strides and dilations': `input %x: float32[1, 4, 9, 9]
    ${weights('w', [4, 2, 3, 3], 1, 18)}
    ${weights('b', [4], 2, 4)}
    %y = Conv(%x, %w, %b) {group=2, strides=[2, 2], dilations=[2, 2], pads=[1, 1, 1, 1]}`,
  'Conv over one axis': `input %x: float32[2, 3, 12]
    ${weights('w', [4, 3, 3], 1, 9)}
    %y = Conv(%x, %w)`,
  'ConvTranspose with strides': `input %x: float32[1, 3, 4, 4]
    ${weights('w', [3, 2, 3, 3], 1, 27)}
    ${weights('b', [2], 2, 4)}
    %y = ConvTranspose(%x, %w, %b) {strides=[2, 2]}`,
  'Gemm with a bias of two axes': `input %x: float32[3, 8]
    ${weights('w', [8, 5], 1, 8)}
    ${weights('b', [1, 5], 2, 4)}
    %y = Gemm(%x, %w, %b)`,
  'Gemm of one column': `input %x: float32[3, 8]
    ${weights('w', [1, 8], 1, 8)}
    ${weights('b', [1], 2, 4)}
    %y = Gemm(%x, %w, %b) {transB=1}`,
  'MatMul over three axes': `input %x: float32[2, 3, 8]
    ${weights('w', [8, 6], 1, 8)}
    %y = MatMul(%x, %w)`,
  'two layers with one bias': `input %x: float32[2, 6]
    ${weights('w', [6, 6], 1, 6)}
    ${weights('v', [6, 6], 3, 6)}
    ${weights('b', [6], 2, 4)}
    %a = Gemm(%x, %w, %b)
    %y = Gemm(%a, %v, %b) {transB=1}`,
  'one weight read as rows and as columns': `input %x: float32[2, 6]
    ${weights('w', [6, 6], 1, 6)}
    %a = Gemm(%x, %w)
    %y = Gemm(%a, %w) {transB=1}`,
  'a clip that leaves 0 out': `input %x: float32[2, 6]
    ${weights('w', [6, 6], 1, 6)}
    ${weights('v', [6, 6], 3, 6)}
    const %low: float32[] = 0.25
    const %high: float32[] = 0.75
    %a = MatMul(%x, %w)
    %c = Clip(%a, %low, %high)
    %y = MatMul(%c, %v)`,
  'pooling, joining and scaling between layers': `input %x: float32[1, 2, 8, 8]
    ${weights('w', [4, 2, 3, 3], 1, 18)}
    ${weights('v', [4, 2, 3, 3], 3, 18)}
    ${weights('u', [8, 3], 4, 8)}
    %a = Conv(%x, %w) {pads=[1, 1, 1, 1]}
    %b = Conv(%x, %v) {pads=[1, 1, 1, 1]}
    %m = Mul(%a, %b)
    %l = LeakyRelu(%a) {alpha=0.1}
    %j = Concat(%m, %l) {axis=1}
    %p = AveragePool(%j) {kernel_shape=[2, 2], strides=[2, 2]}
    %g = GlobalAveragePool(%p)
    %f = Flatten(%g)
    %y = MatMul(%f, %u)`,
};

/** Layers whose float parts onnxruntime computes in integers of its own, or rounds otherwise. */
const FLOAT_PARTS: ReadonlySet<string> = new Set(['pooling, joining and scaling between layers']);

describe.each(Object.entries(LAYERS))('%s', (name, body) => {
  it.each([true, false])(
    'is computed in integers as onnxruntime does it, per channel %s',
    async (perChannel) => {
      const source = modelOf(`graph opset 13 {${body}\noutput %y}`);
      const { model, report } = await quantize(source, { perChannel, io: 'uint8' });
      expect(report.decisions.filter((each) => !each.quantized)).toEqual([]);
      comparableWeights(model);
      const [input] = source.graph.inputs;
      const shape = (input?.shape ?? []).map(Number);
      const size = shape.reduce((product, dim) => product * dim, 1);
      const integers = Array.from(normals(size, 9), (value) =>
        Math.max(0, Math.min(255, Math.round(128 + value * 60))),
      );
      const feeds = { x: fromNumbers('uint8', shape, integers) };
      const ours = await runOnReference(model, feeds);
      const theirs = await runOnOnnxRuntime(model, feeds);
      if (FLOAT_PARTS.has(name)) expect(sqnrOf(theirs, ours)).toBeGreaterThan(30);
      else expect(ours).toEqual(theirs);
    },
  );

  it('stays close to the float layer', async () => {
    const source = modelOf(`graph opset 13 {${body}\noutput %y}`);
    const { model } = await quantize(source);
    const feeds = feedsOf(source.graph, 1);
    expect(sqnrOf(await runOnReference(source, feeds), await runOnReference(model, feeds))).toBeGreaterThan(
      25,
    );
  });
});

describe('a value that is an output of the graph and the input of a layer', () => {
  it('keeps its name, in float', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[2, 6]
      ${weights('w', [6, 6], 1, 6)}
      ${weights('v', [6, 6], 3, 6)}
      %s = Sigmoid(%x)
      %a = MatMul(%s, %w)
      %y = MatMul(%a, %v)
      output %s, %a, %y
    }`);
    const { model } = await quantize(source);
    expect(model.graph.outputs.map((value) => `${value.name}: ${value.dtype}`)).toEqual([
      's: float32',
      'a: float32',
      'y: float32',
    ]);
    const feeds = feedsOf(source.graph, 1);
    const [float, ours] = [await runOnReference(source, feeds), await runOnReference(model, feeds)];
    expect(ours['s']).toEqual(float['s']);
    expect(sqnrOf(float, ours)).toBeGreaterThan(30);
    expect(
      sqnrOf(await runOnOnnxRuntime(comparableWeights(model), feeds), await runOnReference(model, feeds)),
    ).toBeGreaterThan(40);
  });
});
