import type { Model } from '@octavo/core/ir';
import { toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
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

const fp16 = (changes: Partial<Recipe> = {}): Partial<Recipe> => ({ mode: 'fp16', ...changes });

/** Quantizes, runs on both runtimes and says how far each is from the float model. */
async function agreement(
  source: Model,
  recipe: Partial<Recipe> = fp16(),
): Promise<{ model: Model; text: string }> {
  const { model, text } = await quantize(source, recipe);
  const feeds = feedsOf(source.graph, 1);
  const float = await runOnReference(source, feeds);
  const ours = await runOnReference(model, feeds);
  const theirs = await runOnOnnxRuntime(model, feeds);
  for (const [name, tensor] of Object.entries(float)) {
    expect(ours[name]?.dtype).toBe(tensor.dtype);
    expect(theirs[name]?.dtype).toBe(tensor.dtype);
  }
  expect(sqnrOf(float, ours)).toBeGreaterThan(45);
  expect(sqnrOf(float, theirs)).toBeGreaterThan(45);
  return { model, text };
}

describe('fp16 conversion', () => {
  it('computes in fp16 between float32 inputs and outputs', async () => {
    const { text } = await agreement(
      modelOf(`graph opset 17 {
      input %x: float32[1, 2]
      const %w: float32[2, 2] = [1, 2, 3, 4]
      %a = MatMul(%x, %w) @m
      %y = Neg(%a)
      output %y
    }`),
    );
    expect(text).toMatchInlineSnapshot(`
      "graph opset 17 {
        input %x: float32[1, 2]
        const %w_float16: float16[2, 2] = ...
        %x_float16: float16[1, 2] = Cast(%x) {to=10} @x_to_float16
        %a: float16[1, 2] = MatMul(%x_float16, %w_float16) @m
        %y_float16: float16[1, 2] = Neg(%a)
        %y: float32[1, 2] = Cast(%y_float16) {to=1} @y_float16_to_float32
        output %y
      }
      "
    `);
  });

  it('keeps excluded nodes and those without fp16 form in float32, with a constant that both need in both forms', async () => {
    const { model, text } = await agreement(
      modelOf(`graph opset 17 {
      input %x: float32[2, 4]
      ${weights('w', [4, 4], 1, 4)}
      const %axis: int64[] = 1
      %a = MatMul(%x, %w) @kept
      %b = MatMul(%a, %w) @converted
      %c = CumSum(%b, %axis) @sum
      %y = Sigmoid(%c)
      output %y, %a
    }`),
      fp16({ exclude: ['kept'] }),
    );
    expect(model.graph.initializers.map((value) => `${value.name}: ${value.dtype}`).sort()).toEqual([
      'axis: int64',
      'w: float32',
      'w_float16: float16',
    ]);
    expect(text).toMatch(/%a: float32\[2, 4\] = MatMul\(%x, %w\) @kept/);
    expect(text).toMatch(/%c: float32\[2, 4\] = CumSum/);
  });

  it('rewrites Cast, ConstantOfShape and what they feed', async () => {
    const { text } = await agreement(
      modelOf(`graph opset 17 {
      input %x: float32[2, 3]
      input %n: float32[n]
      %i = Cast(%x) {to=7}
      %f = Cast(%i) {to=1}
      %shape = Shape(%n)
      %fill = ConstantOfShape(%shape) {value=float32[1] [0.5]}
      %s = Add(%f, %x)
      %t = Concat(%fill, %n) {axis=0}
      output %s, %t
    }`),
    );
    expect(text).toMatch(/%f: float16\[2, 3\] = Cast\(%i\) \{to=10\}/);
    expect(text).toMatch(/%fill: float16.* = ConstantOfShape\(%shape\) \{value=.*float16.*0\.5/);
  });

  it('leaves an input that is itself an output, and keeps names', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[2, 4]
      ${weights('w', [4, 4], 1, 4)}
      %y = MatMul(%x, %w)
      %z = Neg(%y)
      output %x, %y, %z
    }`);
    const { model } = await agreement(source);
    expect(model.graph.outputs.map((value) => `${value.name}: ${value.dtype}`)).toEqual([
      'x: float32',
      'y: float32',
      'z: float32',
    ]);
  });

  it('clamps and counts what is beyond fp16, infinities aside, or refuses it when strict', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 4]
      input %n: float32[n]
      const %w: float32[4] = [1e6, -70000, -inf, 65504]
      %m = Min(%x, %w)
      %shape = Shape(%n)
      %mask = ConstantOfShape(%shape) {value=float32[1] [-3e38]}
      output %m, %mask
    }`);
    const { model, report } = await quantize(source, fp16());
    const half = await model.graph.value('w_float16')?.constant?.load();
    expect(half && Array.from(toNumbers(half))).toEqual([65504, -65504, Number.NEGATIVE_INFINITY, 65504]);
    expect(report.warnings).toEqual([
      "tensor w: 2 of 4 elements are beyond fp16's largest number 65504; they are clamped.",
      "node ConstantOfShape(mask), its value: 1 of 1 elements are beyond fp16's largest number 65504; they are clamped.",
    ]);
    const { mask } = await runOnOnnxRuntime(model, feedsOf(source.graph, 1));
    expect(mask && Array.from(toNumbers(mask))).toEqual([-65504, -65504]);
    await expect(quantize(source, fp16({ strict: true }))).rejects.toMatchObject({
      code: 'FP16_OVERFLOW',
      where: 'tensor w',
    });
  });

  it('keeps float32 where onnxruntime knows only that: quantized nodes, LayerNormalization with statistics', async () => {
    const { text } = await agreement(
      modelOf(`graph opset 17 {
      input %x: float32[2, 4]
      const %scale: float32[] = 0.05
      const %zero: uint8[] = 128
      ${weights('g', [4], 1)}
      %q = QuantizeLinear(%x, %scale, %zero)
      %d = DequantizeLinear(%q, %scale, %zero)
      %y, %mean, %inverse = LayerNormalization(%d, %g)
      %z = Mul(%y, %mean)
      output %z
    }`),
    );
    expect(text).toMatch(/%y: float32.*%mean: float32/);
    expect(text).toMatch(/%z_float16: float16\[2, 4\] = Mul/);
  });

  it('carries ops it does not know in float32', async () => {
    const { text } = await quantize(
      modelOf(`graph opset 17, custom 1 {
      input %x: float32[2, 4]
      %a = Neg(%x)
      %u: float32[2, 4] = custom::Mystery(%a)
      %y = Neg(%u)
      output %y
    }`),
      fp16(),
    );
    expect(text).toMatch(/%u: float32\[2, 4\] = custom::Mystery\(%a_float32\)/);
  });

  it('refuses graphs in which a value that is read has no type, excluded or not', async () => {
    const source = modelOf(`graph opset 17, custom 1 {
      input %x: float32[2, 4]
      %u = custom::Mystery(%x)
      %y = Neg(%u)
      output %y
    }`);
    expect(await codeOf(quantize(source, fp16()))).toBe('FP16_TYPE');
    expect(await codeOf(quantize(source, fp16({ exclude: ['Mystery'] })))).toBe('FP16_TYPE');
  });

  it('refuses graphs with subgraphs', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[2]
      input %flag: bool[]
      %y = If(%flag) {
        then_branch=graph then(%a = %x) { %t = Neg(%a) output %t },
        else_branch=graph else(%b = %x) { %e = Abs(%b) output %e }
      } @choice
      output %y
    }`);
    expect(await codeOf(quantize(source, fp16()))).toBe('FP16_SUBGRAPH');
  });
});
