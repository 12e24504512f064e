import { type Graph, parse } from '@octavo/core/ir';
import { dequantize } from '@octavo/core/quant';
import { float32, StoredTensor, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { feedsOf, modelOf, quantize, runOnReference, sqnrOf, weights } from '../tests/run-models.js';
import { type ComputeParts, takeCompute } from './compute-ops.js';
import type { ActivationPrecision, WeightPrecision } from './precision.js';
import { quantizeLayer } from './quantize-layer.js';

const PRECISION: { weights: WeightPrecision; activations: ActivationPrecision } = {
  weights: { dtype: 'int8', symmetric: true, granularity: 'per-channel', blockSize: 32 },
  activations: { dtype: 'uint8', symmetric: false, observer: 'minmax' },
};

function partsOf(graph: Graph): ComputeParts {
  const [node] = graph.nodes;
  const parts = node ? takeCompute(graph, node) : 'no node';
  if (typeof parts === 'string') throw new Error(parts);
  return parts;
}

const LAYER = (bias: string): Graph =>
  parse(`graph opset 17 {
    input %x: float32[1, 2]
    const %w: float32[2, 3] = [0.5, 1e-6, -2, 0.25, -2e-6, 1]
    const %b: float32[3] = [${bias}]
    %y: float32[1, 3] = Gemm(%x, %w, %b)
    output %y
  }`);

describe('quantizeLayer', () => {
  it('gives int32 biases on the scale of input times weight, one for each channel', async () => {
    const layer = await quantizeLayer(partsOf(LAYER('1, 0, -3')), 0.5, PRECISION);
    if (typeof layer === 'string') throw new Error(layer);
    const { scales } = layer.weightType;
    expect(layer.raised).toBe(0);
    expect([...(layer.bias?.scales ?? [])]).toEqual(Array.from(scales, (scale) => Math.fround(0.5 * scale)));
    expect(layer.bias?.values[1]).toBe(0);
    layer.bias?.values.forEach((value, c) => {
      const [real = 0] = [[1, 0, -3][c]];
      expect(Math.abs(value * (layer.bias?.scales[c] ?? 0) - real)).toBeLessThanOrEqual(
        layer.bias?.scales[c] ?? 0,
      );
    });
  });

  it('raises the weight scale of a channel whose bias would not fit int32, and requantizes that channel', async () => {
    const layer = await quantizeLayer(partsOf(LAYER('1, 40, -3')), 0.5, PRECISION);
    if (typeof layer === 'string') throw new Error(layer);
    expect(layer.raised).toBe(1);
    expect(layer.weightType.scales[1]).toBe(Math.fround(40 / (2 ** 30 * 0.5)));
    expect(Math.abs(layer.bias?.values[1] ?? 0)).toBeLessThanOrEqual(2 ** 30 + 64);
    const back = toNumbers(dequantize(layer.weights, layer.weightType));
    expect(Math.abs((back[1] ?? 0) - 1e-6)).toBeLessThanOrEqual((layer.weightType.scales[1] ?? 0) / 2);
    expect(Math.abs((back[4] ?? 0) + 2e-6)).toBeLessThanOrEqual((layer.weightType.scales[1] ?? 0) / 2);
  });

  it('declines a layer whose accumulator could pass 2^31', async () => {
    const graph = LAYER('0, 0, 0');
    const weight = graph.value('w');
    if (weight)
      weight.constant = StoredTensor.of(
        float32(
          Float32Array.from({ length: 3 * 70_000 }, (_, i) => (i % 2 ? 1 : -1)),
          [70_000, 3],
        ),
      );
    expect(
      await quantizeLayer(partsOf(graph), 1, {
        ...PRECISION,
        weights: { ...PRECISION.weights, granularity: 'per-tensor' },
      }),
    ).toMatch(/accumulator could pass 2\^31/);
  });
});

describe('a network with a layer that integers cannot hold', () => {
  const ROWS = 67_000;

  it('keeps that layer and what only it needs in float', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 4]
      ${weights('u', [4, 4], 1, 4)}
      ${weights('v', [4, 2], 2, 4)}
      const %shape: int64[2] = [1, ${ROWS}]
      const %grow: int64[2] = [${ROWS / 4}, 1]
      %a = MatMul(%x, %u) @first
      %r = Relu(%a)
      %t = Tile(%r, %grow)
      %f = Reshape(%t, %shape)
      %s = MatMul(%f, %wide) @wide
      %y = MatMul(%r, %v) @second
      const %wide: float32[1, 1] = [1]
      output %s, %y
    }`);
    const wide = source.graph.value('wide');
    if (!wide) throw new Error('the graph has a wide weight');
    const ones = Float32Array.from({ length: ROWS }, (_, i) => (i % 2 ? 1 : -1));
    wide.constant = StoredTensor.of(float32(ones, [ROWS, 1]));
    wide.type = { kind: 'tensor', dtype: 'float32', shape: [ROWS, 1] };
    const { model, report } = await quantize(source);
    expect(report.decisions.map((each) => `${each.node}: ${each.because}`)).toEqual([
      expect.stringMatching(/^wide: its accumulator could pass 2\^31 \(channel 0 reaches 2\.1\de\+9\)$/),
      'first: int8 per-channel weights',
      'second: int8 per-channel weights',
    ]);
    expect(report.activations.map((range) => range.value)).toEqual(['x', 'r']);
    const feeds = feedsOf(source.graph, 1);
    const [expected, found] = [await runOnReference(source, feeds), await runOnReference(model, feeds)];
    expect(sqnrOf({ y: expected['y'] as never }, { y: found['y'] as never })).toBeGreaterThan(25);
  });
});
