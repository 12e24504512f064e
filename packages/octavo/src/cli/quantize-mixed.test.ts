import { readFileSync, statSync } from 'node:fs';
import { float32, toNumbers } from '@octavo/core/tensor';
import { loadOnnx } from '@octavo/formats/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { fails } from '../../tests/failures.js';
import { classifier, rows, saveModel, saveNpz } from '../../tests/models.js';
import { documentOf, schema } from '../../tests/schemas.js';
import { itRefusesBeforeSearching } from '../../tests/search-refusals.js';
import { openSession } from '../sessions.js';

const COUNT = 8;

let work: Workspace;
let model: string;
let calibration: string;
let validation: string;

beforeAll(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
  calibration = saveNpz(work.path('calibration.npz'), { x: rows(24, 32, 1) });
  const x = rows(COUNT, 32);
  using session = await openSession(await loadOnnx(model), { backend: 'reference' });
  const { scores } = await session.run({ x });
  const numbers = scores ? [...toNumbers(scores)] : [];
  const price = Array.from({ length: COUNT }, (_, i) => (numbers[4 * i] ?? 0) * (i % 2 ? 1.02 : 0.98));
  validation = saveNpz(work.path('validation.npz'), { x, price: float32(price, [COUNT]) });
});
afterAll(() => work.remove());

const search = (output: string, ...args: string[]): string[] => [
  ...['quantize', model, '-o', output, '--mode', 'mixed', '--calibration', calibration],
  ...['--validation', validation, '--label', 'price', '--metric', 'mae', '--points', '4', ...args],
];

describe('octavo quantize --mode mixed', () => {
  it('writes the best model within a budget, and a report of the front', async () => {
    const output = work.path('mixed.onnx');
    const report = work.path('report');
    const ran = await octavo(search(output, '--budget', 'size=6KB', '--report', report, '--json'));
    expect(ran.code).toBe(0);
    const { points, chosen, reportFiles, ...rest } = documentOf(ran.stdout, 'mixed');
    expect(rest).toMatchObject({ input: model, output, metric: 'mae', budget: { bytes: 6000 } });
    if (!Array.isArray(points) || typeof chosen !== 'number') throw new Error('a model was chosen');
    expect(points[chosen]).toMatchObject({ onFront: true, exceeds: null });
    expect(points[chosen].figures.bytes).toBe(statSync(output).size);
    expect(statSync(output).size).toBeLessThanOrEqual(6000);
    const sizes = points.map(({ figures }) => figures.bytes);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    const text = readFileSync(work.path('report', 'report.json'), 'utf8');
    const { measured, ...written } = documentOf(text, 'mixed');
    expect(written).toEqual({ points, chosen, ...rest });
    expect(measured).toMatchObject({ evaluations: [{ metric: 'mae' }] });
    expect(reportFiles).toEqual(['report.json', 'report.html'].map((name) => work.path('report', name)));
    expect(readFileSync(work.path('report', 'report.html'), 'utf8')).toContain('Pareto front');
  });

  it('prints the front, smallest first, and takes several limits at once', async () => {
    const budget = ['--budget', 'accuracy=1%', '--budget', 'latency=1000x', '--precisions', 'w8a8,w4a8'];
    const ran = await octavo(search(work.path('text.onnx'), ...budget, '--target', 'reference'));
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/\* +[0-9.]+ KB .*x +2 w4a8/);
    expect(ran.stdout).toContain("within 1000x the original's time, 1.00% of the metric");
    expect(ran.stdout).not.toContain('float');
  });

  it('fails with a report and without a model when nothing meets the budget', async () => {
    const report = work.path('failed');
    const args = search(work.path('none.onnx'), '--budget', 'latency=0.000001ms', '--report', report);
    const ran = await octavo([...args, '--json']);
    expect(ran.code).toBe(1);
    const { error } = JSON.parse(ran.stdout);
    expect(error).toMatchObject({ code: 'MIXED_OVER_BUDGET', where: model });
    expect(error.message).toMatch(
      /none of [2-4] models.*of the fastest .*a run takes .* ms, more than 0\.000001.*report\.json/,
    );
    expect(work.list()).not.toContain('none.onnx');
    const written: unknown = JSON.parse(readFileSync(work.path('failed', 'report.json'), 'utf8'));
    const validate = schema('mixed');
    validate(written);
    expect(validate.errors).toBeNull();
    expect(written).toMatchObject({
      output: null,
      chosen: null,
      quantization: null,
      points: expect.arrayContaining([expect.objectContaining({ layers: expect.any(Object) })]),
    });
  });

  it.each([
    [['--budget', 'weight=2kg'], 'size=2MB'],
    [['--budget', 'size=much'], 'above 0'],
    [['--budget', 'size=1.2.3MB'], 'above 0'],
    [['--budget', 'latency=-1ms'], 'above 0'],
    [['--budget', 'accuracy=3'], 'share between 0 and 1'],
    [['--precisions', 'w3a8'], 'w8a16'],
    [['--min-retention', '0.9'], '--min-retention has no meaning with --mode mixed'],
    [['--weights', 'int4'], '--weights has no meaning with --mode mixed'],
  ])('refuses %s', async (flags, says) => {
    await fails(work, search(work.path('bad.onnx'), ...flags), { code: 2, error: 'USAGE', says: [says] });
  });

  itRefusesBeforeSearching({ mode: 'mixed', workspace: () => work, search });

  it('needs calibration samples', async () => {
    const args = ['quantize', model, '-o', work.path('bad.onnx'), '--mode', 'mixed', '--metric', 'mae'];
    await fails(work, args, { code: 2, error: 'USAGE', says: ['--metric and --validation'] });
    const more = [...args, '--validation', validation];
    await fails(work, more, { code: 2, error: 'USAGE', says: ['--calibration PATH'] });
  });
});
