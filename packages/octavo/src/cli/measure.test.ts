import { readFileSync, writeFileSync } from 'node:fs';
import { roundHalfEven } from '@octavo/core/quant';
import { fromNumbers, int64, type Tensor, toNumbers } from '@octavo/core/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { fails } from '../../tests/failures.js';
import { COUNT, classesOf, labelledClassifier } from '../../tests/labelled-classifier.js';
import { rows, saveModel, saveNpz, withUnknownOp } from '../../tests/models.js';
import { documentOf } from '../../tests/schemas.js';

interface Judged {
  readonly value: number;
  readonly interval: { readonly low: number; readonly high: number };
}

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

  it('says how close outputs are to the original overall and by segment, with intervals', async () => {
    const args = evaluation(int8, '--against', model, '--metric', 'nll', '--segment', 'group');
    const segments = ['--segment', 'label:2'];
    const { fidelity } = documentOf((await octavo([...args, ...segments, '--json'])).stdout, 'evaluate') as {
      fidelity: { metric: string; overall: Judged; segments: { by: string; segments: Judged[] }[] }[];
    };
    for (const { overall, segments: divided } of fidelity) {
      expect(divided.map(({ by }) => by)).toEqual(['group', 'label:2']);
      for (const { value, interval } of [overall, ...divided.flatMap((each) => each.segments)]) {
        expect(interval.low).toBeLessThan(interval.high);
        expect(value).toBeGreaterThanOrEqual(interval.low);
        expect(value).toBeLessThanOrEqual(interval.high);
      }
    }
    const table = (await octavo([...args, ...segments])).stdout;
    expect(table).toMatch(
      /^close to the original +samples +sqnr +95% interval +cosine .* kl +95% interval$/m,
    );
    for (const name of ['all', 'group: 0', 'group: 1', 'label:2: label < 2', 'label:2: label >= 2'])
      expect(table).toMatch(new RegExp(`^${name} +\\d+ +[\\d.]+ dB +[\\d.]+ dB \\.\\. [\\d.]+ dB`, 'm'));
  });

  it('compares with the original without labels', async () => {
    const bare = saveNpz(work.path('bare.npz'), { x: rows(9, 32), zone: int64([0, 0, 0, 1, 1, 1, 2, 2, 2]) });
    const args = ['evaluate', int8, '--against', model, '--data', bare, '--no-memory', '--segment', 'zone'];
    for (const metric of ['sqnr', 'cosine', 'kl']) {
      const document = documentOf((await octavo([...args, '--metric', metric, '--json'])).stdout, 'evaluate');
      const fidelity = document['fidelity'] as { readonly metric: string; readonly overall: Judged }[];
      const asked = fidelity.find((each) => each.metric === metric);
      expect(asked?.overall).toMatchObject({ count: 9, value: expect.any(Number) });
      expect(document).toMatchObject({ ...asked });
      expect(document['worst']).toContainEqual(expect.objectContaining({ loss: expect.any(Number) }));
      expect(document['overall']).not.toHaveProperty('original');
    }
    const { stdout } = await octavo([...args, '--metric', 'sqnr']);
    expect(stdout).toMatch(/^segment +samples +sqnr +95% interval$/m);
    expect(stdout).toMatch(/^zone: 2 +3 +[\d.]+ dB +[\d.]+ dB/m);
    expect(stdout).toMatch(/^lost most +predicted +loss$/m);
    expect(stdout).toMatch(/^close to the original +samples +cosine +95% interval +kl +95% interval$/m);
    const alone = ['evaluate', int8, '--data', bare, '--metric', 'sqnr'];
    await fails(work, alone, { code: 2, error: 'USAGE', says: ['--metric sqnr needs --against'] });
    const transformed = [...args, '--metric', 'sqnr', '--transform', 'exp'];
    await fails(work, transformed, { code: 2, error: 'USAGE', says: ['--transform has no meaning'] });
    for (const segment of ['label', 'label:quantile2']) {
      const divided = [...args, '--metric', 'sqnr', '--segment', segment];
      await fails(work, divided, { code: 1, error: 'SEGMENT_COLUMN', says: ['bare.npz[0]', 'no label'] });
    }
  });

  it('says where closeness is not divided as asked', async () => {
    const bare = saveNpz(work.path('unlabelled.npz'), { x: rows(9, 32) });
    const flags = ['--data', bare, '--segment', 'label:2', '--no-memory', '-o', work.path('bare-report')];
    const { code, stderr } = await octavo(['report', model, int8, ...flags]);
    expect(code).toBe(0);
    expect(stderr).toContain(`closeness to the original is not divided by label:2: ${bare}[0] has no label`);
  });

  it('says where a segment is too small for an interval', async () => {
    const first = saveNpz(work.path('first.npz'), { x: rows(3, 32), label: int64([0, 1, 1]) });
    const args = ['evaluate', int8, '--against', model, '--data', first, '--label', 'label', '--no-memory'];
    const { stdout } = await octavo([...args, '--metric', 'nll', '--segment', 'label']);
    expect(stdout).toMatch(/^label: 0 +1 +[\d.e-]+ +none /m);
    expect(stdout).not.toContain('NaN ..');
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
    expect(alone).toMatchObject({ count: COUNT, value: expect.any(Number) });
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
    for (const line of ['latency, 95th percentile', 'throughput', 'close to the original', 'infinity'])
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
      'Closeness to the original by segment',
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
