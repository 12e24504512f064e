import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createModel, parse } from '@octavo/core/ir';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { COUNT, labelledClassifier } from '../../tests/labelled-classifier.js';
import { saveModel, withUnknownOp } from '../../tests/models.js';
import { documentOf } from '../../tests/schemas.js';

let work: Workspace;
let model: string;
let int8: string;
let integer: string;
let data: string;

beforeAll(async () => {
  work = new Workspace();
  ({ model, int8, integer, data } = await labelledClassifier(work));
});
afterAll(() => work.remove());

const SYMMETRIC = ['--activations', 'int8', '--symmetric-activations'];

describe('octavo compare', () => {
  it('lists the layers, the worst first', async () => {
    const ran = await octavo(['compare', model, int8, '--data', data, '--json']);
    expect(ran.code).toBe(0);
    const document = documentOf(ran.stdout, 'compare');
    expect(document).toMatchObject({ original: model, quantized: int8, samples: COUNT });
    const layers = document['layers'] as { value: string; sqnr: number }[];
    expect(layers.map(({ value }) => value).sort()).toEqual(['hidden', 'rectified', 'scores']);
    expect(layers.map(({ sqnr }) => sqnr)).toEqual(layers.map(({ sqnr }) => sqnr).sort((a, b) => a - b));
    expect(layers[0]?.sqnr).toBeGreaterThan(25);
  });

  it('says what the causes that it names mean', async () => {
    const { stdout } = await octavo(['compare', model, int8, '--data', data, '--backend', 'reference']);
    expect(stdout).toMatch(/^rounding: The integers are too few/m);
    expect(stdout).not.toContain('weight-channel-spread: ');
  });

  it('finds nothing between a model and itself', async () => {
    const ran = await octavo(['compare', model, model, '--data', data, '--json']);
    const layers = documentOf(ran.stdout, 'compare')['layers'] as { sqnr: unknown; maxAbs: number }[];
    expect(new Set(layers.map(({ sqnr }) => sqnr))).toEqual(new Set(['Infinity']));
    expect(new Set(layers.map(({ maxAbs }) => maxAbs))).toEqual(new Set([0]));
  });

  it('compares a full-integer model', async () => {
    const ran = await octavo(['compare', model, integer, '--data', data, '--backend', 'reference', '--json']);
    expect(ran.stderr).toBe(`comparing ${COUNT} samples\nexplaining ${COUNT} samples\n`);
    const layers = documentOf(ran.stdout, 'compare')['layers'] as { sqnr: number }[];
    expect(layers[0]?.sqnr).toBeGreaterThan(25);
  });

  it('explains a half-precision model', async () => {
    const fp16 = work.path('fp16.onnx');
    await octavo(['quantize', model, '--mode', 'fp16', '-o', fp16]);
    const ran = await octavo(['compare', model, fp16, '--data', data, '--json']);
    const explanations = documentOf(ran.stdout, 'compare')['explanations'] as { own: { cause: string } }[];
    expect(explanations.map(({ own }) => own.cause)).toEqual(['rounding', 'rounding']);
  });

  it('names causes, with the evidence and the change to make', async () => {
    const int2 = work.path('int2.onnx');
    await octavo(['quantize', model, '--calibration', data, '--weights', 'int2', '-o', int2]);
    const ran = await octavo(['compare', model, int2, '--data', data, '--json']);
    const explanations = documentOf(ran.stdout, 'compare')['explanations'] as {
      output: string;
      own: unknown;
    }[];
    expect(explanations.map(({ output }) => output).sort()).toEqual(['hidden', 'scores']);
    for (const { own } of explanations)
      expect(own).toMatchObject({ cause: 'rounding', change: 'give its weights 4 bits (int4)' });
    const text = (await octavo(['compare', model, int2, '--data', data])).stdout;
    expect(text).toMatch(/rounding its weights to int2 alone leaves .* dB +give its weights 4 bits/);
  });

  it('mends a model until the goal is reached, and writes it with its recipe', async () => {
    const int2 = work.path('int2.onnx');
    const mended = work.path('mended.onnx');
    await octavo(['quantize', model, '--calibration', data, '--weights', 'int2', '-o', int2]);
    const args = ['compare', model, int2, '--data', data, '--label', 'label', '--metric', 'top1'];
    const ran = await octavo([...args, '--fix', mended, '--min-retention', '97%', '--json']);
    expect(ran.code).toBe(0);
    const { fix } = documentOf(ran.stdout, 'compare');
    expect(fix).toMatchObject({ goal: '97.00% of the top1', reached: true, output: mended });
    expect(fix).toMatchObject({ warnings: [expect.stringContaining(`too few samples (${COUNT})`)] });
    const recipe = work.path('recipe.json');
    writeFileSync(recipe, JSON.stringify((fix as { recipe: unknown }).recipe));
    const again = work.path('again.onnx');
    await octavo(['quantize', model, '--recipe', recipe, '--calibration', data, '-o', again]);
    expect(readFileSync(again)).toEqual(readFileSync(mended));
  });

  it('writes nothing and exits with 1 when the goal is not reached', async () => {
    const never = work.path('never.onnx');
    const ran = await octavo([
      'compare',
      model,
      int8,
      '--data',
      data,
      '--fix',
      never,
      '--min-sqnr',
      '1000',
      '--json',
    ]);
    expect(ran.code).toBe(1);
    expect(documentOf(ran.stdout, 'compare')['fix']).toMatchObject({ reached: false, output: null });
    expect(existsSync(never)).toBe(false);
  });

  it.each([
    ['dynamic', ['--mode', 'dynamic'], '33'],
    ['MatMulNBits', ['--mode', 'weight-only'], '30'],
    ['blocks', ['--mode', 'weight-only', '--format', 'qdq', '--weights', 'int4'], '30'],
    ['QGemm', ['--calibration', 'data', '--format', 'qoperator', ...SYMMETRIC], '31'],
  ])('explains and mends a model of the form %s', async (form, mode, decibels) => {
    const other = work.path(`${form}.onnx`);
    await octavo(['quantize', model, ...mode.map((flag) => (flag === 'data' ? data : flag)), '-o', other]);
    const flags = [
      '--data',
      data,
      '--fix',
      work.path(`mended-${form}.onnx`),
      '--min-sqnr',
      decibels,
      '--json',
    ];
    const { explanations, fix } = documentOf(
      (await octavo(['compare', model, other, ...flags])).stdout,
      'compare',
    );
    expect(explanations).toHaveLength(2);
    expect(fix).toMatchObject({ reached: true, before: { passed: false } });
  });

  it('refuses at once to mend ops that hide how layers are quantized', async () => {
    const fused = work.path('fused.onnx');
    const graph = parse(`graph opset 17, com.microsoft 1 {
      input %x: float32[4, 32]
      const %w: int8[32, 4] = [${Array.from({ length: 128 }, (_, i) => i - 64).join(', ')}]
      const %s: float32[] = 0.01
      %scores: float32[4, 4] = com.microsoft::DynamicQuantizeMatMul(%x, %w, %s)
      output %scores
    }`);
    await saveModel(createModel(graph), fused);
    const ran = await octavo(['compare', model, fused, '--data', data, '--fix', work.path('none'), '--json']);
    expect(ran.code).toBe(1);
    expect(documentOf(ran.stdout, 'error')).toMatchObject({
      error: {
        code: 'FIX_FORM',
        where: fused,
        message: expect.stringContaining('is a DynamicQuantizeMatMul'),
      },
    });
    expect(ran.stderr).not.toContain('comparing');
  });

  it('refuses to mend by a metric without labels before it compares anything', async () => {
    const flags = ['--fix', work.path('none.onnx'), '--metric', 'top1'];
    const ran = await octavo(['compare', model, int8, '--data', data, ...flags, '--json']);
    expect(documentOf(ran.stdout, 'error')).toMatchObject({ error: { code: 'LABEL_MISSING' } });
    expect(ran.stderr).not.toContain('comparing');
  });

  it.each([
    [['--min-sqnr', '30']],
    [['--fix', 'x.onnx', '--max-drop', '1%']],
    [['--fix', 'x.onnx', '--min-sqnr', '30', '--metric', 'top1']],
    [['--fix', 'x.onnx', '--min-sqnr', 'loud']],
  ])('refuses %j', async (flags) => {
    expect((await octavo(['compare', model, int8, '--data', data, ...flags])).code).toBe(2);
  });

  it('refuses models that have nothing in common', async () => {
    const other = await saveModel(withUnknownOp(), work.path('other.onnx'));
    const ran = await octavo(['compare', model, other, '--data', data, '--json']);
    expect(ran.code).toBe(1);
    expect(documentOf(ran.stdout, 'error')).toMatchObject({
      error: { code: 'NOTHING_TO_COMPARE', where: other },
    });
  });
});
