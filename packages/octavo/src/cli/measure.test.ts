import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createModel, parse } from '@octavo/core/ir';
import { roundHalfEven } from '@octavo/core/quant';
import { fromNumbers, int64, type Tensor, toNumbers } from '@octavo/core/tensor';
import { loadOnnx } from '@octavo/formats/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { classifier, rows, saveModel, saveNpz, withUnknownOp } from '../../tests/models.js';
import { documentOf } from '../../tests/schemas.js';
import { openSession } from '../sessions.js';

const COUNT = 40;

let work: Workspace;
let model: string;
let int8: string;
let integer: string;
let data: string;

/** Labels that the float model gives itself, and two groups. */
beforeAll(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
  const x = rows(COUNT, 32);
  data = saveNpz(work.path('data.npz'), {
    x,
    label: int64(await classesOf(model, x)),
    group: fromNumbers(
      'int32',
      [COUNT],
      Array.from({ length: COUNT }, (_, i) => i % 2),
    ),
  });
  int8 = work.path('int8.onnx');
  integer = work.path('integer.onnx');
  const quantize = ['quantize', model, '--calibration', data];
  await octavo([...quantize, '-o', int8]);
  await octavo([...quantize, '-o', integer, '--io', 'uint8']);
});
afterAll(() => work.remove());

async function classesOf(path: string, x: Tensor): Promise<number[]> {
  using session = await openSession(await loadOnnx(path), { backend: 'reference' });
  const { scores } = await session.run({ x });
  const numbers = scores ? [...toNumbers(scores)] : [];
  return Array.from({ length: COUNT }, (_, row) => {
    const own = numbers.slice(4 * row, 4 * row + 4);
    return own.indexOf(Math.max(...own));
  });
}

describe('octavo evaluate', () => {
  const evaluation = (...args: string[]): string[] => [
    'evaluate',
    ...args,
    '--data',
    data,
    '--label',
    'label',
    '--no-memory',
  ];

  it('scores a model alone', async () => {
    const ran = await octavo(evaluation(model, '--metric', 'top1', '--json'));
    expect(ran.code).toBe(0);
    const document = documentOf(ran.stdout, 'evaluate');
    expect(document).toMatchObject({ model, against: null, data, metric: 'top1', higherIsBetter: true });
    expect(document['overall']).toMatchObject({ count: COUNT, value: 1, interval: { low: 1, high: 1 } });
    expect(document['overall']).not.toHaveProperty('original');
  });

  it.each(['reference', 'onnxruntime'])('compares with the original by segment on %s', async (backend) => {
    const args = evaluation(
      int8,
      '--against',
      model,
      '--metric',
      'top1',
      '--segment',
      'group',
      '--segment',
      'label:2',
    );
    const ran = await octavo([...args, '--backend', backend, '--json']);
    const document = documentOf(ran.stdout, 'evaluate');
    expect(document['overall']).toMatchObject({ count: COUNT, original: { value: 1 } });
    expect(document['segments']).toMatchObject([
      {
        by: 'group',
        segments: [
          { name: '0', count: 20 },
          { name: '1', count: 20 },
        ],
      },
      { by: 'label:2', segments: [{ name: 'label < 2' }, { name: 'label >= 2' }] },
    ]);
  });

  it('lists cost side by side, edge cases and the samples that lost most or lie beyond the range', async () => {
    const x = rows(8, 32);
    x.data[40] = 500;
    const wild = saveNpz(work.path('wild.npz'), { x, label: int64([0, 1, 2, 3, 0, 1, 2, 3]) });
    const flags = ['--data', wild, '--label', 'label', '--metric', 'nll', '--no-memory', '--json'];
    const ran = await octavo(['evaluate', int8, '--against', model, ...flags]);
    const document = documentOf(ran.stdout, 'evaluate');
    const size = (file: string): number => readFileSync(file).length;
    expect(document).toMatchObject({
      fidelity: [{ metric: 'sqnr' }, { metric: 'cosine' }, { metric: 'kl' }],
      performance: {
        quantized: { bytes: size(int8), peakMemory: null },
        original: { bytes: size(model), peakMemory: null },
      },
      outOfRange: [{ id: `${wild}[1]`, input: 'x', position: 8, value: 500 }],
    });
    const losses = (document['worst'] as { loss: number }[]).map(({ loss }) => loss);
    expect(losses.length).toBeGreaterThan(0);
    expect(losses).toEqual(losses.filter((loss) => loss > 0).sort((a, b) => b - a));
    const cases = document['edgeCases'] as { name: string; passed: boolean }[];
    expect(cases.map(({ name }) => name)).toEqual(expect.arrayContaining(['zeros', 'NaN', 'infinity']));
  });

  it('gives a model of integer or half inputs the real numbers that its original takes', async () => {
    const scores = async (file: string) =>
      documentOf(
        (await octavo(evaluation(file, '--against', model, '--metric', 'nll', '--json'))).stdout,
        'evaluate',
      );
    const value = (document: Record<string, unknown>) => (document['overall'] as { value: number }).value;
    const [float, whole] = [value(await scores(int8)), value(await scores(integer))];
    expect(Math.abs(whole - float) / float).toBeLessThan(0.1);
    const half = work.path('half.onnx');
    await octavo(['quantize', model, '-o', half, '--mode', 'fp16', '--io', 'float16']);
    const [near, original] = [value(await scores(half)), value(await scores(model))];
    expect(Math.abs(near - original) / original).toBeLessThan(0.01);
  });

  it('gives a model of integer inputs real numbers without its original too, and integers as they are', async () => {
    const scoreOf = async (...args: string[]) =>
      documentOf((await octavo([...args, '--metric', 'nll', '--json'])).stdout, 'evaluate')['overall'];
    const alone = await scoreOf(...evaluation(integer));
    expect(await scoreOf(...evaluation(integer, '--against', model))).toMatchObject(Object(alone));
    const { activations } = documentOf(
      (await octavo(['quantize', model, '--calibration', data, '-o', integer, '--io', 'uint8', '--json']))
        .stdout,
      'quantize',
    ) as { activations: { value: string; scale: number; zeroPoint: number }[] };
    const { scale, zeroPoint } = activations.find(({ value }) => value === 'x') ?? { scale: 1, zeroPoint: 0 };
    const x = rows(COUNT, 32);
    const stored = [...x.data].map((each) =>
      Math.min(255, Math.max(0, roundHalfEven(each / scale) + zeroPoint)),
    );
    const label = int64(await classesOf(model, x));
    const raw = saveNpz(work.path('raw.npz'), { x: fromNumbers('uint8', x.shape, stored), label });
    expect(await scoreOf('evaluate', integer, '--data', raw, '--label', 'label')).toEqual(alone);
    const wide = saveNpz(work.path('wide.npz'), { x: fromNumbers('int64', x.shape, stored), label });
    expect(await scoreOf('evaluate', integer, '--data', wide, '--label', 'label')).toEqual(alone);
  });

  it('says that numbers are quantized, and when they may be the integers of the model already', async () => {
    const noticeOf = async (x: Tensor) => {
      const file = saveNpz(work.path('told.npz'), { x, label: int64([0, 1]) });
      const args = ['evaluate', integer, '--data', file, '--label', 'label', '--metric', 'nll'];
      return (await octavo(args)).stderr;
    };
    const whole = Array.from({ length: 64 }, (_, i) => 3 * i);
    const says = /^x: numbers are quantized by scale [\d.e-]+, zero point \d+/m;
    const asks = /all are whole and from 0 to 255: if .* already, save them as an array of uint8\.$/m;
    const floats = await noticeOf(fromNumbers('float64', [2, 32], whole));
    expect(floats).toMatch(says);
    expect(floats).toMatch(asks);
    const real = await noticeOf(rows(2, 32));
    expect(real).toMatch(says);
    expect(real).not.toMatch(asks);
    expect(await noticeOf(fromNumbers('int64', [2, 32], whole))).not.toMatch(says);
  });

  it('prints a table for people', async () => {
    const ran = await octavo(evaluation(int8, '--against', model, '--metric', 'top1', '--samples', '10'));
    expect(ran.stdout.split('\n')[0]).toMatch(
      /^segment +samples +top1 +95% interval +original +retention +drop +95% interval$/,
    );
    expect(ran.stdout.split('\n')[2]).toMatch(/^all +10 +\d+\.\d\d% .* 100\.00% /);
    expect(ran.stderr).toBe('scoring 10 samples\ntiming samples\n');
    for (const line of ['latency, 95th percentile', 'throughput', 'sqnr', 'infinity'])
      expect(ran.stdout).toMatch(new RegExp(`^${line} `, 'm'));
  });

  it('counts outputs that hold NaN, and says so', async () => {
    const x = rows(4, 32);
    x.data[0] = Number.NaN;
    const bad = saveNpz(work.path('nan.npz'), { x, label: int64([0, 1, 2, 3]) });
    const args = [
      'evaluate',
      int8,
      '--against',
      model,
      '--data',
      bad,
      '--label',
      'label',
      '--metric',
      'nll',
      '--no-memory',
    ];
    const document = documentOf((await octavo([...args, '--json'])).stdout, 'evaluate');
    expect(document['overall']).toMatchObject({ original: { nanOutputs: 1, value: 'Infinity' } });
    expect((await octavo(args)).stdout).toMatch(/1 of 4 outputs of .*model\.onnx held NaN/);
  });

  it('reads columns of a table', async () => {
    const names = Array.from({ length: 32 }, (_, i) => `f${i}`);
    const numbers = [...toNumbers(rows(4, 32))];
    const lines = [0, 1, 2, 3].map((row) =>
      [...numbers.slice(32 * row, 32 * row + 32), row, 'north'].join(','),
    );
    writeFileSync(work.path('rows.csv'), [[...names, 'label', 'region'].join(','), ...lines].join('\n'));
    writeFileSync(work.path('columns.json'), JSON.stringify({ columns: { x: { from: 'f0', to: 'f31' } } }));
    const ran = await octavo([
      ...['evaluate', model, '--data', work.path('rows.csv'), '--preprocess', work.path('columns.json')],
      ...['--label', 'label', '--metric', 'top5', '--segment', 'region', '--json'],
    ]);
    expect(documentOf(ran.stdout, 'evaluate')).toMatchObject({
      overall: { count: 4, value: 1 },
      segments: [{ by: 'region', segments: [{ name: 'north', count: 4 }] }],
    });
  });
});

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

describe('octavo report', () => {
  it.each([
    [
      'report',
      () => ['report', model, int8, '--data', data, '--samples', '8', '--no-memory', '-o', work.path('few')],
    ],
    [
      'quantize --report',
      () => [
        ...['quantize', model, '--calibration', data, '--validation', data, '--validation-samples', '8'],
        ...['--report', work.path('few'), '-o', work.path('few.onnx')],
      ],
    ],
  ])('keeps the shares of groups among the samples that %s measures on', async (_, command) => {
    const judged = ['--label', 'label', '--metric', 'top1', '--segment', 'group', '--stratify', 'group'];
    for (const seed of ['1', '2']) {
      expect((await octavo([...command(), ...judged, '--seed', seed])).code).toBe(0);
      const { measured } = JSON.parse(readFileSync(work.path('few', 'report.json'), 'utf8')) as {
        measured: { evaluations: { segments: { segments: { count: number }[] }[] }[] };
      };
      const [groups] = measured.evaluations[0]?.segments ?? [];
      expect(groups?.segments.map(({ count }) => count)).toEqual([4, 4]);
    }
  });

  it('gives no interval of one sample', async () => {
    const flags = ['--data', data, '--label', 'label', '--metric', 'top1', '--samples', '1', '--no-memory'];
    const ran = await octavo(['evaluate', int8, '--against', model, ...flags, '--json']);
    expect(documentOf(ran.stdout, 'evaluate')).toMatchObject({
      overall: { count: 1, interval: { low: null }, original: { interval: { low: null } } },
    });
  });

  it('writes what it measured, with accuracy by segment, layers, histograms and edge cases', async () => {
    const report = work.path('report');
    const flags = [
      '--data',
      data,
      '--label',
      'label',
      '--metric',
      'top1',
      '--segment',
      'group',
      '--no-memory',
    ];
    const ran = await octavo(['report', model, int8, ...flags, '-o', report, '--json']);
    expect(ran.code).toBe(0);
    const { reportFiles, ...document } = documentOf(ran.stdout, 'report');
    expect(reportFiles).toEqual(['report.json', 'report.html'].map((name) => work.path('report', name)));
    const [json, html] = ['report.json', 'report.html'].map((name) =>
      readFileSync(work.path('report', name), 'utf8'),
    );
    expect(documentOf(json ?? '', 'report')).toEqual(document);
    expect(document).toMatchObject({
      measured: {
        samples: COUNT,
        evaluations: [{ metric: 'top1', segments: [{ by: 'group' }] }],
        explanations: [{ op: 'Gemm' }, { op: 'Gemm' }],
      },
    });
    const headings = [...(html ?? '').matchAll(/<h2[^>]*>(.*?)<\/h2>/g)].map(([, title]) => title);
    expect(headings).toEqual([
      'Summary',
      'Accuracy',
      'top1 by group',
      'Samples that lost most',
      'Size, time and memory',
      'Layer by layer',
      'Causes, and what to change',
      'Activations',
      'Weights',
      'Edge cases',
    ]);
  });

  it('needs no labels', async () => {
    const ran = await octavo([
      'report',
      model,
      int8,
      '--data',
      data,
      '--no-memory',
      '-o',
      work.path('plain'),
    ]);
    expect(ran.stdout).toMatch(/sqnr .* dB\ncosine/);
    expect(ran.stdout).toContain('latency, 95th percentile');
  });
});

describe('octavo inspect', () => {
  it('shows what a model holds', async () => {
    const ran = await octavo(['inspect', int8, '--json']);
    expect(documentOf(ran.stdout, 'inspect')).toMatchObject({
      file: int8,
      producer: 'octavo',
      opsets: { 'ai.onnx': 21 },
      inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 32] }],
      outputs: [{ name: 'scores', dtype: 'float32', shape: ['N', 4] }],
      quantization: { quantizeNodes: 2, dequantizeNodes: 6, integerNodes: 0, weightOnlyNodes: 0 },
    });
  });

  it('names ops that have no definition', async () => {
    const odd = await saveModel(withUnknownOp(), work.path('odd.onnx'));
    const ran = await octavo(['inspect', odd]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/com\.example\.Swirl +1 +no definition/);
  });
});
