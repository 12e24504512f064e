import { readFileSync, writeFileSync } from 'node:fs';
import { float32 } from '@octavo/core/tensor';
import { loadOnnx, saveOnnx } from '@octavo/formats/node';
import { recipes } from '@octavo/quantizer';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { fails } from '../../tests/failures.js';
import { classifier, rows, saveModel, saveNpz, twoInputs } from '../../tests/models.js';
import { documentOf } from '../../tests/schemas.js';

let work: Workspace;
let model: string;
let data: string;

beforeEach(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
  data = saveNpz(work.path('data.npz'), { x: rows(24, 32) });
});
afterEach(() => work.remove());

/** Op names of a model, without repetition. */
async function opsOf(path: string): Promise<string[]> {
  const { graph } = await loadOnnx(path);
  return [...new Set(graph.nodes.map((node) => node.op.name))].sort();
}

async function opensInOnnxRuntime(path: string): Promise<void> {
  using session = await createOnnxRuntimeSession(path);
  expect(session.outputs.length).toBeGreaterThan(0);
}

describe('octavo quantize', () => {
  it('writes a static INT8 model and says what it did', async () => {
    const output = work.path('int8.onnx');
    const ran = await octavo(['quantize', model, '-o', output, '--calibration', data, '--json']);
    expect(ran.code).toBe(0);
    const document = documentOf(ran.stdout, 'quantize');
    expect(document).toMatchObject({ input: model, output, samples: 24, reportFiles: [], warnings: [] });
    expect(document['recipe']).toMatchObject({ mode: 'static', weights: 'int8', activations: 'uint8' });
    expect(document['decisions']).toMatchObject([
      { node: 'hidden_gemm', quantized: true },
      { node: 'scores_gemm', quantized: true },
    ]);
    expect(Number(document['bytesAfter'])).toBe(readFileSync(output).length);
    expect(Number(document['bytesAfter'])).toBeLessThan(Number(document['bytesBefore']));
    expect(await opsOf(output)).toEqual(['DequantizeLinear', 'Gemm', 'QuantizeLinear', 'Relu']);
    expect(work.list()).toEqual(['data.npz', 'int8.onnx', 'model.onnx']);
    await opensInOnnxRuntime(output);
  });

  it('reads a recipe whose fields the flags win over', async () => {
    const recipe = work.path('recipe.json');
    const layers = [{ nodes: ['scores_gemm'], keepFloat: true }];
    writeFileSync(recipe, JSON.stringify({ observer: 'mse', weights: 'uint8', perChannel: false, layers }));
    const args = ['quantize', model, '-o', work.path('mixed.onnx'), '--calibration', data];
    const ran = await octavo([...args, '--recipe', recipe, '--observer', 'entropy', '--json']);
    expect(documentOf(ran.stdout, 'quantize')).toMatchObject({
      recipe: { mode: 'static', observer: 'entropy', weights: 'uint8', perChannel: false, layers },
      decisions: [
        { node: 'scores_gemm', quantized: false, because: 'kept in float by a layer rule' },
        { node: 'hidden_gemm', quantized: true, because: 'uint8 per-tensor weights' },
      ],
    });
    await opensInOnnxRuntime(work.path('mixed.onnx'));
  });

  it.each([
    ['{', 'it is no JSON'],
    ['{"layers": [{"node": "a"}]}', 'layers.0.node'],
  ])('refuses the recipe %s', async (text, says) => {
    writeFileSync(work.path('recipe.json'), text);
    const args = ['quantize', model, '-o', work.path('mixed.onnx'), '--recipe', work.path('recipe.json')];
    const ran = await octavo([...args, '--calibration', data, '--json']);
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout).error).toMatchObject({ code: 'RECIPE_FILE' });
    expect(ran.stderr + ran.stdout).toContain(says);
    expect(work.list()).not.toContain('mixed.onnx');
  });

  it('reads a reduced range from the flag and from a recipe', async () => {
    const recipe = work.path('recipe.json');
    writeFileSync(recipe, JSON.stringify({ reduceRange: true }));
    const output = work.path('reduced.onnx');
    for (const flags of [
      ['--mode', 'dynamic', '--reduce-range'],
      ['--mode', 'dynamic', '--recipe', recipe],
    ]) {
      const ran = await octavo(['quantize', model, '-o', output, ...flags, '--json']);
      expect(documentOf(ran.stdout, 'quantize')).toMatchObject({
        recipe: { reduceRange: true },
        decisions: [{ because: expect.stringContaining('of 7 bits') }, {}],
      });
    }
  });

  it('refuses fields of a recipe that say nothing in the mode, but not their defaults', async () => {
    const recipe = work.path('recipe.json');
    const args = (mode: string): string[] => [
      ...['quantize', model, '-o', work.path('fields.onnx'), '--mode', mode, '--recipe', recipe],
    ];
    writeFileSync(recipe, JSON.stringify({ observer: 'mse' }));
    const says = ['recipe.json: observer has no meaning with --mode dynamic.'];
    await fails(work, args('dynamic'), { code: 2, error: 'USAGE', says });
    writeFileSync(recipe, JSON.stringify(recipes.dynamicInt8({ weights: 'uint8' })));
    expect((await octavo(args('dynamic'))).code).toBe(0);
  });

  it('prints a summary for people, and progress apart from it', async () => {
    const output = work.path('int8.onnx');
    const ran = await octavo([
      'quantize',
      model,
      '-o',
      output,
      '--calibration',
      data,
      '--exclude',
      'scores*',
    ]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(
      /int8\.onnx: [\d.]+ KB -> [\d.]+ KB \(0\.\d\dx\)\n1 nodes quantized, 1 left in float; 24 calibration samples/,
    );
    expect(ran.stdout).toMatch(/scores_gemm +Gemm +excluded by scores\*/);
    expect(ran.stderr).toBe('calibrating 24 samples\n');
  });

  it('takes a seeded selection of the calibration data', async () => {
    const args = ['quantize', model, '--calibration', data, '--samples', '3', '--json'];
    const run = async (name: string, seed: string) =>
      documentOf((await octavo([...args, '-o', work.path(name), '--seed', seed])).stdout, 'quantize');
    const first = await run('a.onnx', '1');
    expect(first['samples']).toBe(3);
    expect((await run('b.onnx', '1'))['activations']).toEqual(first['activations']);
    expect((await run('c.onnx', '2'))['activations']).not.toEqual(first['activations']);
  });

  it.each([
    ['dynamic', ['--mode', 'dynamic'], 'MatMulInteger'],
    ['weight-only int4 as MatMulNBits', ['--mode', 'weight-only'], 'MatMulNBits'],
    ['weight-only int8 as MatMulNBits', ['--mode', 'weight-only', '--weights', 'int8'], 'MatMulNBits'],
    [
      'weight-only int4 as blocked DequantizeLinear',
      ['--mode', 'weight-only', '--format', 'qdq', '--block-size', '16'],
      'DequantizeLinear',
    ],
  ])('writes a %s model that onnxruntime opens', async (_, flags, op) => {
    const output = work.path('out.onnx');
    const ran = await octavo(['quantize', model, '-o', output, ...flags, '--json']);
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(0);
    expect(documentOf(ran.stdout, 'quantize')).toMatchObject({ samples: 0, activations: [] });
    expect(await opsOf(output)).toContain(op);
    await opensInOnnxRuntime(output);
  });

  it('writes an FP16 model of about half the size', async () => {
    const output = work.path('fp16.onnx');
    const ran = await octavo(['quantize', model, '-o', output, '--mode', 'fp16', '--json']);
    const document = documentOf(ran.stdout, 'quantize');
    expect(Number(document['bytesAfter']) / Number(document['bytesBefore'])).toBeLessThan(0.6);
    const { graph } = await loadOnnx(output);
    expect(graph.initializers.every((value) => value.dtype === 'float16')).toBe(true);
    await opensInOnnxRuntime(output);
  });

  it('keeps float32 what overflows FP16 on calibration samples, or in ranges', async () => {
    const wide = saveNpz(work.path('wide.npz'), {
      x: float32(
        rows(4, 32).data.map((each) => 1e5 * each),
        [4, 32],
      ),
    });
    const ranges = work.path('ranges.json');
    expect((await octavo(['calibrate', model, '--data', wide, '-o', ranges])).code).toBe(0);
    for (const seen of [
      ['--calibration', wide],
      ['--ranges', ranges],
    ]) {
      const flags = ['-o', work.path('fp16.onnx'), '--mode', 'fp16', ...seen, '--json'];
      const document = documentOf((await octavo(['quantize', model, ...flags])).stdout, 'quantize');
      expect(document).toMatchObject({
        samples: 4,
        warnings: expect.arrayContaining([
          expect.stringMatching(/^activations reach beyond .*\(x: 9\.99e\+4/),
        ]),
        decisions: expect.arrayContaining([
          {
            node: 'hidden_gemm',
            op: 'Gemm',
            quantized: false,
            because: expect.stringMatching(/^(x|hidden) reaches \d/),
          },
        ]),
      });
    }
  });

  it('writes integer ops with --format qoperator', async () => {
    const output = work.path('operators.onnx');
    const ran = await octavo([
      'quantize',
      model,
      '-o',
      output,
      '--calibration',
      data,
      '--format',
      'qoperator',
      '--json',
    ]);
    expect(documentOf(ran.stdout, 'quantize')['recipe']).toMatchObject({ format: 'qoperator' });
    expect(await opsOf(output)).toContain('QGemm');
    await opensInOnnxRuntime(output);
  });

  it.each(['uint8', 'int8'])('gives the graph %s inputs and outputs with --io', async (io) => {
    const output = work.path('integer.onnx');
    const ran = await octavo(['quantize', model, '-o', output, '--calibration', data, '--io', io, '--json']);
    expect(documentOf(ran.stdout, 'quantize')['recipe']).toMatchObject({ io, activations: io });
    const { graph } = await loadOnnx(output);
    expect([...graph.inputs, ...graph.outputs].map(({ name, dtype }) => [name, dtype])).toEqual([
      ['x', io],
      ['scores', io],
    ]);
    await opensInOnnxRuntime(output);
  });

  it('quantizes a model with several inputs', async () => {
    const source = await saveModel(twoInputs(), work.path('two.onnx'));
    const both = saveNpz(work.path('both.npz'), { left: rows(5, 16), right: rows(5, 16, 1) });
    const output = work.path('two.int8.onnx');
    const ran = await octavo(['quantize', source, '-o', output, '--calibration', both, '--json']);
    expect(documentOf(ran.stdout, 'quantize')['samples']).toBe(5);
    await opensInOnnxRuntime(output);
  });

  it('writes a report that fits its schema', async () => {
    const args = [
      'quantize',
      model,
      '-o',
      work.path('int8.onnx'),
      '--calibration',
      data,
      '--report',
      work.path('new', 'report'),
    ];
    const ran = await octavo([...args, '--threads', '2', '--json']);
    const { reportFiles, ...run } = documentOf(ran.stdout, 'quantize');
    expect(reportFiles).toEqual([
      work.path('new', 'report', 'report.json'),
      work.path('new', 'report', 'report.html'),
    ]);
    const text = readFileSync(work.path('new', 'report', 'report.json'), 'utf8');
    const { measured, ...written } = documentOf(text, 'quantization');
    expect(written).toEqual(run);
    expect(measured).toMatchObject({ data, samples: 24, evaluations: [], worst: [] });
    expect(readFileSync(work.path('new', 'report', 'report.html'), 'utf8')).toContain('hidden_gemm');
  });

  it('keeps in range what the percentile says, from flags and recipes', async () => {
    const widthOf = async (...flags: string[]): Promise<number> => {
      const args = [
        'quantize',
        model,
        '-o',
        work.path('int8.onnx'),
        '--calibration',
        data,
        '--json',
        ...flags,
      ];
      const { activations } = documentOf((await octavo(args)).stdout, 'quantize');
      const [first] = activations as { min: number; max: number }[];
      return first ? first.max - first.min : Number.NaN;
    };
    const kept = ['--least-sqnr', '0', '--observer', 'percentile', '--percentile'];
    const recipe = work.path('recipe.json');
    writeFileSync(recipe, JSON.stringify({ observer: 'percentile', percentile: 60, leastSqnr: 0 }));
    const [usual, most, least] = [
      await widthOf(),
      await widthOf(...kept, '90%'),
      await widthOf(...kept, '60'),
    ];
    expect(most).toBeLessThan(usual);
    expect(least).toBeLessThan(most);
    expect(await widthOf('--recipe', recipe)).toBe(least);
    for (const flags of [
      ['--percentile', '99'],
      [...kept, '50'],
      [...kept, 'all'],
    ])
      expect((await octavo(['quantize', model, '-o', 'x.onnx', '--calibration', data, ...flags])).code).toBe(
        2,
      );
  });

  it('never overwrites external data of its input', async () => {
    await saveOnnx(classifier(1024), work.path('big.onnx'), { externalData: 'always' });
    const before = readFileSync(work.path('big.onnx.data'));
    const ran = await octavo([
      'quantize',
      work.path('big.onnx'),
      '-o',
      work.path('big.onnx.data'),
      '--mode',
      'fp16',
    ]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('the output is the input');
    expect(readFileSync(work.path('big.onnx.data')).equals(before)).toBe(true);
  });

  it('counts external data into the sizes', async () => {
    await saveOnnx(classifier(1024), work.path('big.onnx'), { externalData: 'always' });
    const ran = await octavo([
      'quantize',
      work.path('big.onnx'),
      '-o',
      work.path('small.onnx'),
      '--mode',
      'fp16',
      '--json',
    ]);
    const whole =
      readFileSync(work.path('big.onnx')).length + readFileSync(work.path('big.onnx.data')).length;
    expect(documentOf(ran.stdout, 'quantize')['bytesBefore']).toBe(whole);
  });
});
