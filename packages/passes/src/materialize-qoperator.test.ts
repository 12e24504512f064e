import { parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { foldQdq, materializeQoperator, raiseQoperator } from './index.js';

const TYPED = `graph opset 21 {
  input %x: float32[1, 1, 2, 2]
  const %xs: float32[] = 0.5
  const %xz: uint8[] = 128
  const %w: int8[2, 1, 1, 1] quantized(scale [0.25, 0.5], zero [0, 0], axis 0, symmetric) = [3, -4]
  const %b: int32[2] quantized(scale [0.125, 0.25], zero [0, 0], axis 0, symmetric) = [10, -20]
  const %m: int8[2, 3] quantized(scale 0.25, zero 0, symmetric) = [1, 2, 3, 4, 5, 6]
  const %low: float32[] = -0.2
  %xq: uint8[1, 1, 2, 2] quantized(scale 0.5, zero 128, symmetric) = QuantizeLinear(%x, %xs, %xz)
  %c: uint8[1, 2, 2, 2] quantized(scale 0.1, zero 7) = Conv(%xq, %w, %b) @conv
  %k: uint8[1, 2, 2, 2] quantized(scale 0.1, zero 7) = Clip(%c, %low) @clip
  %s: uint8[1, 2, 2, 2] quantized(scale 0.2, zero 3) = Add(%k, %c) @sum
  %p: uint8[1, 2, 1, 1] quantized(scale 0.2, zero 3) = MaxPool(%s) {kernel_shape=[2, 2]} @pool
  %f: uint8[1, 2] quantized(scale 0.2, zero 3) = Flatten(%p)
  %t: uint8[1, 2] quantized(scale 0.01, zero 0) = Tanh(%f) @tanh
  %y: float32[1, 3] = MatMul(%t, %m) @head
  output %y
}
`;

describe('materialize-qoperator', () => {
  it('writes integer ops, moves integers as they are, and pairs around what has no integer op', async () => {
    const graph = parse(TYPED);
    const [record] = await runPasses(graph, [materializeQoperator], { verify: true });
    expect(record?.declined).toEqual([
      { rule: 'materialize-qoperator', place: 'tanh', reason: 'Tanh has no integer op' },
    ]);
    expect(
      print(graph)
        .split('\n')
        .filter((line) => !line.includes('const ')),
    ).toMatchInlineSnapshot(`
      [
        "graph opset 21, com.microsoft 1 {",
        "  input %x: float32[1, 1, 2, 2]",
        "  %xq_quantized: uint8[1, 1, 2, 2] = QuantizeLinear(%x, %xs, %xz)",
        "  %c_quantized: uint8[1, 2, 2, 2] = QLinearConv(%xq_quantized, %xq_scale, %xq_zero_point, %w, %w_scale, %w_zero_point, %c_scale, %c_zero_point, %b) {auto_pad="NOTSET", group=1} @conv",
        "  %k_quantized: uint8[1, 2, 2, 2] = Clip(%c_quantized, %k_min, %k_max) @clip",
        "  %s_quantized: uint8[1, 2, 2, 2] = com.microsoft::QLinearAdd(%k_quantized, %c_scale, %c_zero_point, %c_quantized, %c_scale, %c_zero_point, %s_scale, %s_zero_point) @sum",
        "  %p_quantized: uint8[1, 2, 1, 1] = MaxPool(%s_quantized) {kernel_shape=[2, 2]} @pool",
        "  %f_quantized: uint8[1, 2] = Flatten(%p_quantized)",
        "  %f_dequantized: float32[1, 2] = DequantizeLinear(%f_quantized, %s_scale, %s_zero_point)",
        "  %t: float32[1, 2] = Tanh(%f_dequantized) @tanh",
        "  %t_quantized: uint8[1, 2] = QuantizeLinear(%t, %t_scale, %t_zero_point)",
        "  %y: float32[1, 3] = com.microsoft::MatMulIntegerToFloat(%t_quantized, %m, %t_scale, %m_scale, %t_zero_point, %m_zero_point) @head",
        "  output %y",
        "}",
        "",
      ]
    `);
  });

  it('is undone by raise-qoperator and fold-qdq', async () => {
    const graph = parse(TYPED);
    await runPasses(graph, [materializeQoperator, raiseQoperator, foldQdq], { verify: true });
    const nodes = (text: string): string[] =>
      [...text.matchAll(/: (\w+\[[^=]*\)|float32\S*) = (\w+)\(/g)].map(([, type, op]) => `${op}: ${type}`);
    expect(nodes(print(graph)).sort()).toEqual(nodes(TYPED).sort());
  });

  it('keeps the pairs of 16-bit activations and of weights whose zero points differ', async () => {
    const graph = parse(`graph opset 21 {
      input %x: int16[2, 2] quantized(scale 0.5, zero 0, symmetric)
      input %z: uint8[2, 2] quantized(scale 0.5, zero 1)
      const %w: int8[2, 2] quantized(scale 0.25, zero 0, symmetric) = [1, 2, 3, 4]
      const %v: uint8[2, 2] quantized(scale [0.25, 0.5], zero [0, 1], axis 1) = [1, 2, 3, 4]
      %a: float32[2, 2] = MatMul(%x, %w) @wide
      %b: float32[2, 2] = MatMul(%z, %v) @uneven
      output %a, %b
    }`);
    const [record] = await runPasses(graph, [materializeQoperator], { verify: true });
    expect(record?.declined.map(({ place, reason }) => `${place}: ${reason}`)).toEqual([
      'wide: an operand or its result is not quantized per tensor in 8 bits',
      'uneven: its weights have several zero points',
    ]);
    expect(print(graph)).toContain('%a: float32[2, 2] = MatMul(%x_dequantized, %w_dequantized) @wide');
  });

  it('keeps the pairs of clamps that requantize, and of averages with dilations', async () => {
    const graph = parse(`graph opset 21 {
      input %x: uint8[1, 1, 4, 4] quantized(scale 0.1, zero 128)
      %r: uint8[1, 1, 4, 4] quantized(scale 0.05, zero 0) = Relu(%x) @relu
      %p: uint8[1, 1, 2, 2] quantized(scale 0.05, zero 0) = AveragePool(%r) {kernel_shape=[2, 2], dilations=[2, 2]} @apart
      %q: uint8[1, 1, 1, 1] quantized(scale 0.05, zero 0) = AveragePool(%p) {kernel_shape=[2, 2], dilations=[1, 1]} @pool
      output %q
    }`);
    const [record] = await runPasses(graph, [materializeQoperator], { verify: true });
    expect(record?.declined.map(({ place, reason }) => `${place}: ${reason}`)).toEqual([
      'relu: its result is quantized in another way',
      'apart: onnxruntime averages integers without dilations',
    ]);
    expect(print(graph)).toMatch(/QLinearAveragePool\(.*\) \{kernel_shape=\[2, 2\]\} @pool/);
  });
});
