import { readFileSync, writeFileSync } from 'node:fs';
import { writeTensorProto } from '@octavo/formats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { classifier, rows, saveModel, saveNpy, saveNpz } from '../../tests/models.js';
import { documentOf } from '../../tests/schemas.js';
import type { ModelBenchmark } from '../bench/bench-model.js';

let work: Workspace;
let model: string;

beforeEach(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
});
afterEach(() => work.remove());

describe('octavo profile', () => {
  it('times each node and writes a trace', async () => {
    const trace = work.path('trace.json');
    const args = ['profile', model, '--dim', 'N=3', '--rounds', '2', '--backend', 'reference'];
    const ran = await octavo([...args, '--trace', trace, '--json']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const document = documentOf(ran.stdout, 'profile');
    expect(document).toMatchObject({ rounds: 2, trace, nodes: { length: 3 }, spans: { length: 3 } });
    const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8'));
    expect(traceEvents.map((event: { cat: string }) => event.cat)).toEqual(['Gemm', 'Relu', 'Gemm']);
  });

  it('prints a table, slowest first, for people', async () => {
    const ran = await octavo(['profile', model, '--rounds', '1']);
    expect(ran.stdout).toMatch(/^ms +% +node +op/);
    expect(ran.stdout).toMatch(/ms a run$/m);
  });
});

describe('octavo bench', () => {
  it('compares with onnxruntime in the same rounds and draws it', async () => {
    const plot = work.path('latency.svg');
    const ran = await octavo([
      'bench',
      'model',
      model,
      '--threads',
      '1',
      '--seconds',
      '1',
      '--plot',
      plot,
      '--json',
    ]);
    expect(ran.code).toBe(0);
    const document = documentOf(ran.stdout, 'bench');
    expect(document).toMatchObject({ results: [{ threads: 1 }] });
    const creation = document['creation'] as Pick<ModelBenchmark['creation'], 'octavo' | 'onnxruntime'>;
    expect(creation.octavo.rounds).toBe(creation.onnxruntime.rounds);
    expect(creation.octavo.rounds).toBeGreaterThanOrEqual(15);
    const [result] = document['results'] as {
      octavo: { median: number; rounds: number };
      onnxruntime: { median: number; rounds: number };
      ratio: number;
    }[];
    expect(result?.octavo.rounds).toBe(result?.onnxruntime.rounds);
    expect(result?.ratio).toBeCloseTo((result?.onnxruntime.median ?? 0) / (result?.octavo.median ?? 1));
    expect(readFileSync(plot, 'utf8')).toMatch(/^<svg[^>]*>/);
  });

  it('compares the layers of networks, exactly, and draws their roofline', async () => {
    const plot = work.path('roofline.svg');
    const args = ['bench', 'gemm', '--quick', '--suite', 'torture', '--suite', 'minilm'];
    const ran = await octavo([...args, '--plot', plot, '--json']);
    expect(ran.code).toBe(0);
    const { rows: layers, summary } = documentOf(ran.stdout, 'bench-kernels') as {
      rows: { suite: string; threads: number; ratio: number; maxError: number; octavo: { rounds: number } }[];
      summary: { geometricMean: number; lowest: number };
    };
    expect(layers.map(({ suite, threads, maxError }) => [suite, threads, maxError])).toEqual([
      ['minilm', 1, 0],
      ['torture', 1, 0],
    ]);
    expect(layers.every(({ octavo: { rounds } }) => rounds >= 3)).toBe(true);
    const [a = 0, b = 0] = layers.map(({ ratio }) => ratio);
    expect(summary.lowest).toBe(Math.min(a, b));
    expect(summary.geometricMean).toBeCloseTo(Math.sqrt(a * b));
    expect(readFileSync(plot, 'utf8').match(/<circle/g)).toHaveLength(4);
  });

  it('compares products with 4-bit weights', async () => {
    const ran = await octavo(['bench', 'int4', '--quick', '--suite', 'qwen-0.5b', '--json']);
    expect(ran.code).toBe(0);
    const { rows } = documentOf(ran.stdout, 'bench-kernels') as {
      rows: { name: string; maxError: number }[];
    };
    expect(rows.map(({ name }) => name)).toEqual(['int4 block 32 1x896x128']);
    // 896 products of at most 1 * 8 * 0.016, summed in float32 in another order.
    expect(rows.every(({ maxError }) => maxError <= 896 * 0.125 * 2 ** -20)).toBe(true);
  });

  it.each([
    [['gemm', '--suite', 'alexnet', '--quick'], /alexnet.*resnet-50/],
    [['gemm', 'model.onnx'], /takes no model/],
    [['gemm', '--dim', 'N=1'], /--dim/],
    [['model'], /model is missing/],
    [['model', 'model.onnx', '--quick'], /--quick/],
  ])('refuses %j', async (args, message) => {
    const ran = await octavo(['bench', ...args]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(message);
  });

  it('refuses other subjects', async () => {
    const ran = await octavo(['bench', 'weather', model]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/'weather' is invalid.*model/);
  });
});

describe('inputs of a run', () => {
  const outputs = async (file: string) => {
    const ran = await octavo(['run', model, '--input', `x=${file}`, '--json']);
    expect(ran.stderr).not.toContain('octavo:');
    return documentOf(ran.stdout, 'run');
  };

  it('are read alike from .npy, .npz, .pb and .json', async () => {
    const x = rows(2, 32);
    const values = Array.from({ length: 2 }, (_, i) => [...x.data.subarray(i * 32, i * 32 + 32)]);
    writeFileSync(work.path('x.pb'), writeTensorProto(x));
    writeFileSync(work.path('x.json'), JSON.stringify(values));
    saveNpz(work.path('x.npz'), { x });
    const expected = await outputs(saveNpy(work.path('x.npy'), x));
    for (const name of ['x.npz', 'x.pb', 'x.json'])
      expect((await outputs(work.path(name)))['outputs']).toEqual(expected['outputs']);
    expect(expected['randomInputs']).toEqual([]);
  });

  it.each([
    ['x.json', '[[1, 2], [3]]', 'INPUT_UNREADABLE', 'its lists are no array of shape [2, 2].'],
    ['x.json', '["a"]', 'INPUT_UNREADABLE', '"a" is no number.'],
    ['x.json', '{', 'INPUT_UNREADABLE', /JSON/],
  ])('are refused when %s holds %s', async (name, content, code, message) => {
    writeFileSync(work.path(name), content);
    const ran = await octavo(['run', model, '--input', `x=${work.path(name)}`, '--json']);
    expect(ran.code).toBe(1);
    const { error } = JSON.parse(ran.stdout);
    expect(error).toMatchObject({ code });
    expect(error.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  it('have the sizes that --dim names', async () => {
    const ran = await octavo(['run', model, '--dim', 'N=5', '--json']);
    expect(documentOf(ran.stdout, 'run')).toMatchObject({ outputs: [{ shape: [5, 4] }] });
    expect((await octavo(['run', model, '--dim', 'N=many'])).code).toBe(2);
    const unknown = await octavo(['run', model, '--dim', 'M=5']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain(
      'no input of the model has a dimension M. Its symbolic dimensions are N.',
    );
    expect((await octavo(['run', model, '--input', 'x=data.txt'])).code).toBe(2);
  });
});
