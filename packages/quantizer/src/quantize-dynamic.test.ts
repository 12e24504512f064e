import { inferTypes, MatMul, type Model, tensorType } from '@octavo/core/ir';
import { float32, type Storage, StoredTensor } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { comparableWeights } from '../tests/full-range-products.node.js';
import {
  codeOf,
  feedsOf,
  modelOf,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
  sqnrOf,
  weights,
} from '../tests/run-models.js';
import type { Recipe } from './recipe.js';

const NETWORK = `graph opset 17 {
  input %x: float32[1, 2, 6, 6]
  ${weights('w', [4, 2, 3, 3], 1, 18)}
  ${weights('b', [4], 2, 4)}
  const %shape: int64[2] = [2, -1]
  ${weights('v', [32, 8], 3, 32)}
  ${weights('g', [5, 8], 4, 8)}
  ${weights('h', [1, 5], 5, 4)}
  %c = Conv(%x, %w, %b) @conv
  %f = Reshape(%c, %shape)
  %m = MatMul(%f, %v) @matmul
  %y = Gemm(%m, %g, %h) {transB=1} @gemm
  output %y
}`;

const dynamic = (changes: Partial<Recipe> = {}): Partial<Recipe> => ({ mode: 'dynamic', ...changes });

/** Makes the sums of integer products outputs of the graph. */
function withSumsAsOutputs(model: Model): Model {
  for (const node of model.graph.nodes) {
    const { output } = node;
    if (!output || !/^(MatMul|Conv)Integer$/.test(node.op.name)) continue;
    output.type ??= tensorType('int32');
    model.graph.outputs.push(output);
  }
  inferTypes(model.graph);
  return model;
}

describe('dynamic quantization', () => {
  const cases = (['int8', 'uint8'] as const).flatMap((each) =>
    [true, false].map((perChannel) => ({ weights: each, perChannel })),
  );

  it.each(cases)(
    'gives the integer sums of onnxruntime: $weights weights, per channel $perChannel',
    async (changes) => {
      const source = modelOf(NETWORK);
      const { model } = await quantize(source, dynamic(changes));
      const feeds = feedsOf(source.graph, 4);
      expect(sqnrOf(await runOnReference(source, feeds), await runOnReference(model, feeds))).toBeGreaterThan(
        25,
      );
      const sums = withSumsAsOutputs(comparableWeights(model));
      // At `basic`, onnxruntime does not fuse the products with their scales, so the sums stay visible.
      const theirs = await runOnOnnxRuntime(sums, feeds, { optimization: 'basic' });
      const ours = await runOnReference(sums, feeds);
      const integers = Object.keys(ours).filter((name) => ours[name]?.dtype === 'int32');
      expect(integers).toHaveLength(3);
      expect(ours[integers[0] ?? '']).toEqual(theirs[integers[0] ?? '']);
      expect(sqnrOf(theirs, ours)).toBeGreaterThan(40);
      expect(sqnrOf(await runOnOnnxRuntime(comparableWeights(model), feeds), ours)).toBeGreaterThan(40);
    },
  );

  it('gives the same sums in both runtimes wherever the activations are the same', async () => {
    for (const text of [`%y = MatMul(%x, %w)`, `%y = Gemm(%x, %w) {transB=1}`]) {
      const source = modelOf(`graph opset 17 {
        input %x: float32[4, 16]
        ${weights('w', [16, 16], 6, 16)}
        ${text} @layer
        output %y
      }`);
      const { model } = await quantize(source, dynamic());
      const sums = withSumsAsOutputs(comparableWeights(model));
      const feeds = feedsOf(source.graph, 4);
      const ours = await runOnReference(sums, feeds);
      expect(ours).toEqual(await runOnOnnxRuntime(sums, feeds, { optimization: 'basic' }));
      expect(ours['layer_integer']?.dtype).toBe('int32');
    }
  });

  it('quantizes an activation once for all its readers, and weights once for theirs', async () => {
    const { model } = await quantize(
      modelOf(`graph opset 17 {
      input %x: float32[4, 16]
      ${weights('w', [16, 16], 6, 16)}
      %a = MatMul(%x, %w) @a
      %b = MatMul(%x, %w) @b
      %y = Add(%a, %b)
      output %y, %w
    }`),
      dynamic(),
    );
    const ops = model.graph.nodes.map((node) => node.op.name);
    expect(ops.filter((op) => op === 'DynamicQuantizeLinear')).toHaveLength(1);
    expect(model.graph.initializers.map((value) => value.name).sort()).toEqual([
      'w',
      'w_quantized',
      'w_scale',
      'w_zero_point',
    ]);
  });

  it('loads a bias that is not in memory', async () => {
    const source = modelOf(NETWORK);
    for (const value of source.graph.initializers) {
      if (value.constant) value.constant = notResident(value.constant);
    }
    const { model } = await quantize(source, dynamic());
    const feeds = feedsOf(source.graph, 4);
    const { model: expected } = await quantize(modelOf(NETWORK), dynamic());
    expect(await runOnReference(model, feeds)).toEqual(await runOnReference(expected, feeds));
  });

  it('leaves a layer float whose accumulator could pass 2^31', async () => {
    const source = modelOf(NETWORK);
    const wide = source.graph.addInitializer(
      'wide',
      StoredTensor.of(
        float32(
          Float32Array.from({ length: 70_000 }, (_, i) => (i % 2 ? 1 : -1)),
          [70_000, 1],
        ),
      ),
    );
    const input = source.graph.addInput('long', tensorType('float32', [1, 70_000]));
    const node = source.graph.emit(MatMul, { A: input, B: wide }, {}, { name: 'wide' });
    if (node.output) source.graph.outputs.push(node.output);
    inferTypes(source.graph);
    const { report } = await quantize(source, dynamic());
    expect(report.decisions.filter((each) => !each.quantized)).toEqual([
      { node: 'wide', op: 'MatMul', quantized: false, because: expect.stringContaining('could pass 2^31') },
    ]);
  });

  it('names the node whose weights are not finite', async () => {
    const model = modelOf(`graph opset 17 {
      input %x: float32[2, 2]
      const %w: float32[2, 2] = [1, 2, inf, 4]
      %y = MatMul(%x, %w) @broken
      output %y
    }`);
    expect(await codeOf(quantize(model, dynamic()))).toBe('WEIGHTS_NOT_FINITE');
  });
});

/** The same tensor, read from storage each time. */
function notResident(source: StoredTensor): StoredTensor {
  const storage: Storage = {
    byteLength: source.byteLength,
    read: (offset, length) => source.storage.read(offset, length),
  };
  return new StoredTensor(source.dtype, source.shape, storage);
}
