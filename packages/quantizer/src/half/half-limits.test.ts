import { float32, fromNumbers, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import {
  codeOf,
  modelOf,
  onReference,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
} from '../../tests/run-models.js';
import { calibrateModel } from '../calibrate-model.js';

/** Rows divided by their length, which an epsilon keeps above 0. */
const NORMALIZED = `graph opset 17 {
  input %x: float32[2, 4]
  const %epsilon: float32[] = 1e-12
  const %axes: int64[1] = [1]
  %squares = Mul(%x, %x)
  %sum = ReduceSum(%squares, %axes) {keepdims=1}
  %above = Max(%sum, %epsilon)
  %length = Sqrt(%above)
  %y = Div(%x, %length)
  output %y
}`;

describe('constants too small for fp16', () => {
  it('stay above 0, so that what they guard does not divide by it', async () => {
    const { model, report } = await quantize(modelOf(NORMALIZED), { mode: 'fp16' });
    const x = float32([0, 0, 0, 0, 3, 0, 4, 0], [2, 4]);
    for (const run of [runOnReference, runOnOnnxRuntime]) {
      const { y } = await run(model, { x });
      const numbers = y ? [...toNumbers(y)] : [];
      expect(numbers.slice(0, 4)).toEqual([0, 0, 0, 0]);
      expect(numbers[4]).toBeCloseTo(0.6, 3);
    }
    expect(report.warnings).toEqual([
      "tensor epsilon: 1 of 1 elements are not 0 but nearer to it than to fp16's smallest number 5.960464477539063e-8; they are clamped.",
    ]);
    expect(await codeOf(quantize(modelOf(NORMALIZED), { mode: 'fp16', strict: true }))).toBe(
      'FP16_UNDERFLOW',
    );
  });

  it('are told by the exact half of the smallest number, with their sign', async () => {
    const half = 2 ** -25;
    const source = modelOf(`graph opset 17 {
      input %x: float32[6]
      const %w: float32[6] = [${[half, -half, half * (1 + 2 ** -20), 0, -1e-30, 1.5 * half].join(', ')}]
      %y = Add(%x, %w)
      output %y
    }`);
    const { model, report } = await quantize(source, { mode: 'fp16' });
    const stored = await model.graph.value('w_float16')?.constant?.load();
    const least = 2 ** -24;
    expect(stored && [...toNumbers(stored)]).toEqual([least, -least, least, 0, -least, least]);
    expect(report.warnings).toEqual([expect.stringMatching(/^tensor w: 3 of 6 elements are not 0/)]);
  });

  it('are counted, but not refused, beside numbers whose rounding weighs as much', async () => {
    const source = (largest: number) =>
      modelOf(`graph opset 17 {
      input %x: float32[1, 2]
      const %w: float32[2, 2] = [1e-9, 0.5e-9, ${largest}, 0]
      %y = MatMul(%x, %w)
      output %y
    }`);
    const { model, report } = await quantize(source(2 ** -13), { mode: 'fp16', strict: true });
    expect(report.warnings).toEqual([
      expect.stringMatching(/^2 elements beside larger ones .* in tensor w\.$/),
    ]);
    expect(model.graph.value('w_float16')).toBeDefined();
    const lower = 2 ** -13 - 2 ** -30;
    expect(await codeOf(quantize(source(lower), { mode: 'fp16', strict: true }))).toBe('FP16_UNDERFLOW');
  });
});

const GROWING = `graph opset 17 {
  input %x: float32[1, 2]
  input %flag: bool[]
  const %large: float32[] = 1e6
  const %small: float32[] = 1e-6
  %wide = Mul(%x, %large) @grow
  %back = Mul(%wide, %small) @shrink
  %z = Neg(%back) @negate
  %chosen = If(%flag) {
    then_branch=graph then(%a = %wide, %s = %small) { %t = Mul(%a, %s) @inner output %t },
    else_branch=graph else(%c = %z) { %e = Abs(%c) @other output %e }
  } @choice
  output %z, %chosen
}`;

describe('activations beyond fp16 on calibration samples', () => {
  const samples = [1, -3].map((each) => ({
    feeds: { x: float32([each, 0.25], [1, 2]), flag: fromNumbers('bool', [], [1]) },
  }));

  it('stay float32 with the nodes that give or read them, in bodies too', async () => {
    const { model, text, report } = await quantize(
      modelOf(GROWING),
      { mode: 'fp16' },
      { calibration: samples },
    );
    expect(report.samples).toBe(2);
    expect(report.warnings).toEqual([
      "activations reach beyond fp16's largest number 65504 (wide: 3.00e+6): what gives or reads them stays float32.",
    ]);
    const float = report.decisions
      .filter(({ quantized }) => !quantized)
      .map(({ node, because }) => [node, because]);
    expect(float).toEqual([
      ['grow', 'wide reaches 3.00e+6'],
      ['shrink', 'wide reaches 3.00e+6'],
      ['inner', 'a reaches 3.00e+6'],
    ]);
    expect(text).toMatch(/float16\[1, 2\] = Neg/);
    const [{ feeds } = { feeds: {} }] = samples;
    const [float32s, halves] = [
      await runOnReference(modelOf(GROWING), feeds),
      await runOnOnnxRuntime(model, feeds),
    ];
    for (const [name, tensor] of Object.entries(float32s))
      toNumbers(tensor).forEach((value, i) => {
        expect(halves[name] && toNumbers(halves[name])[i]).toBeCloseTo(value, 3);
      });
  });

  it('are known from a calibration too, as far as it goes', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 2]
      const %w: float32[2, 2] = [1000, 0, 0, 1]
      %h = MatMul(%x, %w)
      %g = MatMul(%h, %w)
      %y = Neg(%g)
      output %y
    }`);
    const wide = [{ feeds: { x: float32([100, 1], [1, 2]) } }];
    const calibration = await calibrateModel(source, wide, { createSession: onReference });
    const { report } = await quantize(source, { mode: 'fp16' }, { calibration });
    expect(report.warnings).toEqual([
      expect.stringMatching(/^the ranges tell nothing of 2 of 4 activations/),
      expect.stringMatching(/^activations reach .*\(h: 1\.00e\+5\)/),
    ]);
    const { report: all } = await quantize(source, { mode: 'fp16' }, { calibration: wide });
    expect(all.warnings).toEqual([
      expect.stringMatching(/^activations reach .*\(h: 1\.00e\+5, g: 1\.00e\+8, y: /),
    ]);
    const { report: bf16 } = await quantize(source, { mode: 'bf16' }, { calibration: wide });
    expect(bf16.warnings).toEqual([]);
  });

  it('become infinite in inputs and outputs that are halves by choice, and are told apart', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 2]
      const %w: float32[2, 2] = [1000, 0, 0, 1]
      %h = MatMul(%x, %w)
      %y = MatMul(%h, %w)
      output %y
    }`);
    const [x, large] = [100, 1e6].map((each) => float32([each, 1], [1, 2]));
    const calibration = x ? [{ feeds: { x } }] : [];
    const { model, report } = await quantize(source, { mode: 'fp16', io: 'float16' }, { calibration });
    expect(report.warnings).toEqual([
      expect.stringMatching(/^activations reach .*\(h: 1\.00e\+5\): .*stays float32\.$/),
      expect.stringMatching(
        /^inputs and outputs reach .*\(y: 1\.00e\+8\): each is float16 by --io, and .* infinite\.$/,
      ),
    ]);
    const { y } = await runOnReference(model, { x: fromNumbers('float16', [1, 2], [100, 1]) });
    expect(y && [...toNumbers(y)]).toEqual([Number.POSITIVE_INFINITY, 1]);
    const beyond = large ? [{ feeds: { x: large } }] : [];
    const { report: inputs } = await quantize(
      source,
      { mode: 'fp16', io: 'float16' },
      { calibration: beyond },
    );
    expect(inputs.warnings.at(-1)).toMatch(/\(x: 1\.00e\+6, y: /);
    const { report: whole } = await quantize(source, { mode: 'fp16' }, { calibration });
    expect(whole.warnings).toEqual([expect.stringMatching(/\(h: 1\.00e\+5, y: 1\.00e\+8\): .*float32/)]);
  });

  it('are not looked for in infinities, nor without samples', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[2]
      const %mask: float32[2] = [0, -inf]
      %y = Add(%x, %mask)
      output %y
    }`);
    expect((await quantize(source, { mode: 'fp16' })).report.warnings).toEqual([]);
    const refused = (options: object) => codeOf(quantize(source, { mode: 'fp16' }, options));
    expect(await refused({ calibration: [] })).toBe('CALIBRATION_EMPTY');
    expect(await refused({ calibration: [{ feeds: {} }], createSession: undefined })).toBe(
      'CALIBRATION_MISSING',
    );
  });
});
