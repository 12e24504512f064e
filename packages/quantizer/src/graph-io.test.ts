import type { Model } from '@octavo/core/ir';
import { fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { comparableWeights } from '../tests/full-range-products.node.js';
import {
  modelOf,
  normals,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
  weights,
} from '../tests/run-models.js';
import type { QuantizationReport } from './report.js';

const NETWORK = `graph opset 17 {
  input %x: float32[2, 8]
  ${weights('w', [8, 8], 1, 8)}
  ${weights('v', [8, 4], 2, 8)}
  %a = MatMul(%x, %w) @a
  %r = Relu(%a)
  %y = MatMul(%r, %v) @b
  %s = Sigmoid(%x)
  output %y, %s
}`;

/** A tensor of real numbers on the grid that an activation of the report is quantized to, and its integers. */
function onGrid(report: QuantizationReport, name: string, integers: Tensor): Tensor {
  const { scale, zeroPoint } = paramsOf(report, name);
  const real = Array.from(toNumbers(integers), (q) => Math.fround((q - zeroPoint) * scale));
  return fromNumbers('float32', integers.shape, real);
}

function paramsOf(report: QuantizationReport, name: string): { scale: number; zeroPoint: number } {
  const found = report.activations.find((range) => range.value === name);
  if (!found) throw new Error(`the report lacks ${name}`);
  return found;
}

function typesOf(model: Model): string[] {
  return [...model.graph.inputs, ...model.graph.outputs].map((value) => `${value.name}: ${value.dtype}`);
}

describe.each(['uint8', 'int8'] as const)('--io %s', (io) => {
  it('computes what the float-io model computes on the integer grid, and loads in onnxruntime', async () => {
    const source = modelOf(NETWORK);
    const { model, report } = await quantize(source, { io, activations: io });
    const { model: floatIo } = await quantize(source, { activations: io });
    comparableWeights(model);
    comparableWeights(floatIo);
    expect(typesOf(model)).toEqual([`x: ${io}`, `y: ${io}`, `s: ${io}`]);
    const low = io === 'int8' ? -128 : 0;
    const integers = fromNumbers(
      io,
      [2, 8],
      Array.from(normals(16, 3), (value) =>
        Math.max(low, Math.min(low + 255, low + 128 + Math.round(value * 50))),
      ),
    );
    const ours = await runOnReference(model, { x: integers });
    expect(await runOnOnnxRuntime(model, { x: integers })).toEqual(ours);
    const float = await runOnReference(floatIo, { x: onGrid(report, 'x', integers) });
    for (const name of ['y', 's']) {
      const { scale, zeroPoint } = paramsOf(report, name);
      const expected = Array.from(toNumbers(float[name] as Tensor), (value) =>
        Math.max(low, Math.min(low + 255, Math.round(value / scale) + zeroPoint)),
      );
      expect(Array.from(toNumbers(ours[name] as Tensor))).toEqual(expected);
    }
  });
});

describe('quantizeGraphIo', () => {
  it('feeds integers straight to integer nodes and dequantized ones to float nodes', async () => {
    const { text } = await quantize(modelOf(NETWORK), { io: 'uint8' });
    expect(text.split('\n').filter((line) => !line.includes('const'))).toMatchInlineSnapshot(`
      [
        "graph opset 17 {",
        "  input %x: uint8[2, 8]",
        "  %w_dequantized: float32[8, 8] = DequantizeLinear(%w_quantized, %w_scale, %w_zero_point) {axis=1} @w_DequantizeLinear",
        "  %v_dequantized: float32[8, 4] = DequantizeLinear(%v_quantized, %v_scale, %v_zero_point) {axis=1} @v_DequantizeLinear",
        "  %x_dequantized: float32[2, 8] = DequantizeLinear(%x, %x_scale, %x_zero_point) @x_DequantizeLinear",
        "  %s_float: float32[2, 8] = Sigmoid(%x_dequantized)",
        "  %a: float32[2, 8] = MatMul(%x_dequantized, %w_dequantized) @a",
        "  %r: float32[2, 8] = Relu(%a)",
        "  %r_quantized: uint8[2, 8] = QuantizeLinear(%r, %r_scale, %r_zero_point) @r_QuantizeLinear",
        "  %r_dequantized: float32[2, 8] = DequantizeLinear(%r_quantized, %r_scale, %r_zero_point) @r_DequantizeLinear",
        "  %y_float: float32[2, 4] = MatMul(%r_dequantized, %v_dequantized) @b",
        "  %y: uint8[2, 4] = QuantizeLinear(%y_float, %y_scale, %y_zero_point) @y_QuantizeLinear",
        "  %s: uint8[2, 8] = QuantizeLinear(%s_float, %s_scale, %s_zero_point) @s_QuantizeLinear",
        "  output %y, %s",
        "}",
        "",
      ]
    `);
  });

  it('passes an input through that is itself an output, and leaves constant outputs', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 4]
      ${weights('w', [4, 4], 1, 4)}
      %y = MatMul(%x, %w)
      output %x, %y, %w
    }`);
    const { model, text } = await quantize(source, { io: 'uint8' });
    expect(typesOf(model)).toEqual(['x: uint8', 'x: uint8', 'y: uint8', 'w: float32']);
    const x = fromNumbers('uint8', [1, 4], [0, 100, 200, 255]);
    expect((await runOnReference(model, { x }))['x']).toEqual(x);
    expect(text).toContain('output %x, %y, %w');
  });

  it('keeps a quantizer of the source model whose parameters differ', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 4]
      ${weights('w', [4, 4], 1, 4)}
      const %scale: float32[] = 0.5
      const %zero: uint8[] = 7
      %q = QuantizeLinear(%x, %scale, %zero)
      %y = MatMul(%x, %w)
      output %q, %y
    }`);
    const { model } = await quantize(source, { io: 'uint8' });
    const x = fromNumbers('uint8', [1, 4], [0, 100, 200, 255]);
    const { q } = await runOnReference(model, { x });
    expect(q).toEqual((await runOnOnnxRuntime(model, { x }))['q']);
    expect(Array.from(toNumbers(q as Tensor))).not.toEqual([0, 100, 200, 255]);
  });

  it('gives an output read elsewhere in the graph both forms', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 4]
      ${weights('w', [4, 4], 1, 4)}
      ${weights('v', [4, 4], 2, 4)}
      %y = MatMul(%x, %w)
      %s = Sigmoid(%y)
      %z = MatMul(%y, %v)
      output %y, %s, %z
    }`);
    const { model } = await quantize(source, { io: 'uint8' });
    expect(typesOf(model)).toEqual(['x: uint8', 'y: uint8', 's: uint8', 'z: uint8']);
    comparableWeights(model);
    const x = fromNumbers('uint8', [1, 4], [0, 100, 200, 255]);
    expect(await runOnOnnxRuntime(model, { x })).toEqual(await runOnReference(model, { x }));
  });
});
