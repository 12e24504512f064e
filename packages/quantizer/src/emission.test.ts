import { describe, expect, it } from 'vitest';
import { comparableWeights } from '../tests/full-range-products.node.js';
import {
  feedsOf,
  modelOf,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
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
