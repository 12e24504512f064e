import { cloneModel, QuantizeLinear, runPasses } from '@octavo/core/ir';
import { foldQdq } from '@octavo/passes';
import { describe, expect, it } from 'vitest';
import { comparableWeights } from '../../packages/quantizer/tests/full-range-products.node.js';
import {
  feedsOf,
  modelOf,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
  sqnrOf,
  weights,
} from '../../packages/quantizer/tests/run-models.js';
import { optimizedByOnnxRuntime } from './optimized-graph.js';

/** Movement of data between two convolutions, from `r` of 8 channels to `m` of as many as named. */
const MOVES: readonly [op: string, channels: number, body: string][] = [
  ['Split', 2, '%m, %o = Split(%r, %sizes) {axis=1}\n%n = Conv(%o, %six)\noutput %n'],
  ['Split', 2, '%m, %o = Split(%r, %sizes) {axis=1}\n%n = Sigmoid(%o)\noutput %n'],
  ['DepthToSpace', 2, '%m = DepthToSpace(%r) {blocksize=2}'],
  ['SpaceToDepth', 32, '%m = SpaceToDepth(%r) {blocksize=2}'],
  ['Expand', 8, '%g = MaxPool(%r) {kernel_shape=[8, 8]}\n%m = Expand(%g, %shape)'],
  ['Tile', 16, '%m = Tile(%r, %repeats)'],
];

/** No rule of onnxruntime carries Q/DQ pairs over it: it dequantizes before and quantizes behind. */
const FLOAT_IN_ONNXRUNTIME: ReadonlySet<string> = new Set(['SpaceToDepth']);

describe('data that is moved between convolutions', () => {
  it.each(MOVES)('stays in integers through %s, here and in onnxruntime', async (op, channels, body) => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 3, 8, 8]
      const %sizes: int64[2] = [2, 6]
      const %shape: int64[4] = [1, 8, 3, 3]
      const %repeats: int64[4] = [1, 2, 1, 1]
      ${weights('first', [8, 3, 3, 3], 1, 27)}
      ${weights('six', [4, 6, 3, 3], 2, 54)}
      ${weights('last', [4, channels, 1, 1], 3, channels)}
      %c = Conv(%x, %first) {pads=[1, 1, 1, 1]}
      %r = Relu(%c)
      ${body}
      %y = Conv(%m, %last)
      output %y
    }`);
    const { model } = await quantize(source);
    const { nodes } = await optimizedByOnnxRuntime(model);
    if (!FLOAT_IN_ONNXRUNTIME.has(op)) {
      expect(nodes.filter((node) => node.op.name === op).map(({ inputs }) => inputs[0]?.dtype)).toEqual([
        'uint8',
      ]);
      expect(nodes.filter(QuantizeLinear.is).map(({ inputs }) => inputs[0]?.name)).toEqual(['x']);
    }
    expect(
      nodes.filter((node) => node.op.name === 'QLinearConv').map(({ inputs }) => inputs[0]?.name),
    ).toContain('x_quantized');
    const { graph } = cloneModel(model);
    await runPasses(graph, [foldQdq]);
    expect(graph.nodes.filter(QuantizeLinear.is).map(({ inputs }) => inputs[0]?.name)).toEqual(['x']);
    const feeds = feedsOf(source.graph, 77);
    const ours = await runOnReference(model, feeds);
    expect(sqnrOf(await runOnReference(source, feeds), ours)).toBeGreaterThan(25);
    expect(
      sqnrOf(await runOnOnnxRuntime(comparableWeights(model), feeds), await runOnReference(model, feeds)),
    ).toBeGreaterThan(40);
  });
});
