import { parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { foldQdq, materializeQdq } from './index.js';

const TYPED = `graph opset 21 {
  input %x: float32[1, 1, 2, 2]
  const %xs: float32[] = 0.5
  const %xz: uint8[] = 128
  const %w: int8[2, 1, 1, 1] quantized(scale [0.25, 0.5], zero [0, 0], axis 0, symmetric) = [3, -4]
  const %b: int32[2] quantized(scale [0.125, 0.25], zero [0, 0], axis 0, symmetric) = [10, -20]
  const %ys: float32[] = 0.1
  const %yz: uint8[] = 7
  %xq: uint8[1, 1, 2, 2] quantized(scale 0.5, zero 128, symmetric) = QuantizeLinear(%x, %xs, %xz)
  %c: uint8[1, 2, 2, 2] quantized(scale 0.1, zero 7) = Conv(%xq, %w, %b)
  %y: uint8[1, 2, 2, 2] quantized(scale 0.1, zero 7) = Relu(%c)
  %yd: float32[1, 2, 2, 2] = DequantizeLinear(%y, %ys, %yz)
  output %yd
}
`;

describe('materialize-qdq', () => {
  it('puts float ops between DequantizeLinear and QuantizeLinear, sharing qparams', async () => {
    const graph = parse(TYPED);
    await runPasses(graph, [materializeQdq], { verify: true });
    expect(print(graph)).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[1, 1, 2, 2]
        const %xs: float32[] = 0.5
        const %xz: uint8[] = 128
        const %w: int8[2, 1, 1, 1] = [3, -4]
        const %b: int32[2] = [10, -20]
        const %ys: float32[] = 0.1
        const %yz: uint8[] = 7
        const %xq_scale: float32[] = 0.5
        const %xq_zero_point: uint8[] = 128
        const %w_scale: float32[2] = [0.25, 0.5]
        const %w_zero_point: int8[2] = [0, 0]
        const %b_scale: float32[2] = [0.125, 0.25]
        const %c_scale: float32[] = 0.1
        const %c_zero_point: uint8[] = 7
        %xq: uint8[1, 1, 2, 2] = QuantizeLinear(%x, %xs, %xz)
        %xq_dequantized: float32[1, 1, 2, 2] = DequantizeLinear(%xq, %xq_scale, %xq_zero_point)
        %w_dequantized: float32[2, 1, 1, 1] = DequantizeLinear(%w, %w_scale, %w_zero_point) {axis=0}
        %b_dequantized: float32[2] = DequantizeLinear(%b, %b_scale) {axis=0}
        %c: float32[1, 2, 2, 2] = Conv(%xq_dequantized, %w_dequantized, %b_dequantized)
        %c_quantized: uint8[1, 2, 2, 2] = QuantizeLinear(%c, %c_scale, %c_zero_point)
        %c_quantized_dequantized: float32[1, 2, 2, 2] = DequantizeLinear(%c_quantized, %c_scale, %c_zero_point)
        %y: float32[1, 2, 2, 2] = Relu(%c_quantized_dequantized)
        %y_quantized: uint8[1, 2, 2, 2] = QuantizeLinear(%y, %c_scale, %c_zero_point)
        %yd: float32[1, 2, 2, 2] = DequantizeLinear(%y_quantized, %ys, %yz)
        output %yd
      }
      "
    `);
  });

  it('is undone by fold-qdq', async () => {
    const graph = parse(TYPED);
    await runPasses(graph, [materializeQdq, foldQdq], { verify: true });
    for (const line of ['%c: uint8', '%y: uint8', '%yd: float32']) {
      const nodes = (text: string) =>
        text
          .split('\n')
          .filter((each) => each.includes(line))
          .map((each) => each.replace(/\(%\w+(, %\w+)*\)$/, ''));
      expect(nodes(print(graph))).toEqual(nodes(TYPED));
    }
  });

  it('keeps the name of integers that are an output of the graph', async () => {
    const graph = parse(TYPED.replace('output %yd', 'output %y'));
    await runPasses(graph, [materializeQdq], { verify: true });
    expect(print(graph)).toContain('%y: uint8[1, 2, 2, 2] = QuantizeLinear(%y_float,');
  });

  it('refuses an opset that has no such QuantizeLinear', async () => {
    const graph = parse(TYPED.replace('opset 21', 'opset 12'));
    await expect(runPasses(graph, [materializeQdq])).rejects.toMatchObject({
      code: 'QDQ_OPSET',
      message: expect.stringContaining('Run raise-opset to 13 first.'),
    });
  });
});
