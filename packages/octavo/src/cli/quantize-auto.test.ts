import { readFileSync } from 'node:fs';
import { float32, toNumbers } from '@octavo/core/tensor';
import { loadOnnx } from '@octavo/formats/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { fails } from '../../tests/failures.js';
import { classifier, rows, saveModel, saveNpz } from '../../tests/models.js';
import { documentOf, schema } from '../../tests/schemas.js';
import { itRefusesBeforeSearching } from '../../tests/search-refusals.js';
import { openSession } from '../sessions.js';

const COUNT = 16;

let work: Workspace;
let model: string;
let calibration: string;
let validation: string;

/** Labels are what the float model gives, give or take 2%. */
beforeAll(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
  calibration = saveNpz(work.path('calibration.npz'), { x: rows(24, 32, 1) });
  const x = rows(COUNT, 32);
  using session = await openSession(await loadOnnx(model), { backend: 'reference' });
  const { scores } = await session.run({ x });
  const numbers = scores ? [...toNumbers(scores)] : [];
  const price = float32(
    Array.from({ length: COUNT }, (_, i) => (numbers[4 * i] ?? 0) * (i % 2 ? 1.02 : 0.98)),
    [COUNT],
  );
  const exact = float32(
    Array.from({ length: COUNT }, (_, i) => numbers[4 * i] ?? 0),
    [COUNT],
  );
  validation = saveNpz(work.path('validation.npz'), { x, price, exact });
});
afterAll(() => work.remove());

const search = (output: string, ...args: string[]): string[] => [
  ...['quantize', model, '-o', output, '--mode', 'auto', '--calibration', calibration],
  ...['--validation', validation, '--label', 'price', '--metric', 'mae', ...args],
];

describe('octavo quantize --mode auto', () => {
  it('writes the fastest model that passes, and a report of every attempt', async () => {
    const output = work.path('auto.onnx');
    const report = work.path('report');
    const ran = await octavo(search(output, '--max-drop', '60%', '--report', report, '--json'));
    expect(ran.code).toBe(0);
    const document = documentOf(ran.stdout, 'auto');
    expect(document).toMatchObject({ input: model, output, metric: 'mae', minRetention: 0.4, calibration });
    const { attempts, chosen, reportFiles, ...rest } = document;
    if (!Array.isArray(attempts) || typeof chosen !== 'number') throw new Error('a model was chosen');
    expect(attempts.map(({ rung }) => rung)).toEqual(
      expect.arrayContaining(['static-per-tensor', 'static-per-channel', 'dynamic', 'weight-only', 'fp16']),
    );
    expect(attempts[chosen]).toMatchObject({ outcome: 'passed', figures: { quality: { count: COUNT } } });
    const text = readFileSync(work.path('report', 'report.json'), 'utf8');
    const { measured, ...written } = documentOf(text, 'auto');
    expect(written).toEqual({ attempts, chosen, ...rest });
    expect(measured).toMatchObject({ evaluations: [{ metric: 'mae' }] });
    expect(reportFiles).toEqual(['report.json', 'report.html'].map((name) => work.path('report', name)));
    expect(readFileSync(work.path('report', 'report.html'), 'utf8')).toContain('What was tried');
    using session = await openSession(await loadOnnx(output), { backend: 'reference' });
    expect(session.outputs.map(({ name }) => name)).toEqual(['scores']);
  });

  it('prints one row an attempt, and takes a target and fewer samples', async () => {
    const output = work.path('text.onnx');
    const flags = ['--min-retention', '0', '--target', 'reference', '--target', 'onnxruntime'];
    const ran = await octavo(search(output, ...flags, '--validation-samples', '4', '--samples', '4'));
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/\* +\S+ .*passed +[0-9.]+%.*x, [0-9.]+x/);
    expect(ran.stderr).toContain('trying 6 methods');
  });

  it('warns, in the report too, when the samples are too few to decide', async () => {
    const report = work.path('undecided');
    const flags = ['--min-retention', '0', '--validation-samples', '1', '--report', report, '--json'];
    const ran = await octavo(search(work.path('undecided.onnx'), ...flags));
    const written = readFileSync(work.path('undecided', 'report.json'), 'utf8');
    for (const { warnings, attempts } of [ran.stdout, written].map((text) => documentOf(text, 'auto'))) {
      expect(warnings).toContainEqual(expect.stringContaining('too few samples (1)'));
      expect(attempts).toContainEqual(
        expect.objectContaining({ outcome: 'passed', undecided: expect.any(String) }),
      );
    }
    const page = readFileSync(work.path('undecided', 'report.html'), 'utf8');
    expect(page).toContain('Warning: whether the model keeps to the limit is not certain');
  });

  it('fails with a report and without a model when nothing passes', async () => {
    const output = work.path('none.onnx');
    const report = work.path('failed');
    const args = search(
      output,
      '--min-retention',
      '1',
      '--validation-samples',
      '8',
      '--report',
      report,
      '--json',
    );
    const ran = await octavo([...args, '--label', 'exact']);
    expect(ran.code).toBe(1);
    const { error } = JSON.parse(ran.stdout);
    expect(error).toMatchObject({ code: 'AUTO_NOTHING_PASSED', where: model });
    expect(error.message).toMatch(/keeps 100\.00%.*came closest.*report\.json/);
    expect(work.list()).not.toContain('none.onnx');
    const written: Record<string, unknown> = JSON.parse(
      readFileSync(work.path('failed', 'report.json'), 'utf8'),
    );
    const validate = schema('auto');
    validate(written);
    expect(validate.errors).toBeNull();
    expect(written).toMatchObject({ output: null, chosen: null, quantization: null });
    expect(written).toMatchObject({
      attempts: [{ figures: { quality: { count: 8 } } }, {}, {}, {}, {}, {}, {}, {}, {}, {}],
    });
  });

  it('leaves no model behind when it is interrupted', async () => {
    const output = work.path('stopped.onnx');
    const interrupt = {
      signal: 'SIGINT' as const,
      when: ({ stderr }: { stderr: string }) => stderr.includes('static-per-channel'),
    };
    expect((await octavo(search(output, '--max-drop', '0.6'), { interrupt })).code).toBe(130);
    expect(work.list()).not.toContain('stopped.onnx');
  });

  it.each([
    [['--min-retention', '0.9', '--max-drop', '0.1'], 'cannot be used with'],
    [['--min-retention', '2'], 'share between 0 and 1'],
    [['--target', 'phone'], 'auto, cpu, reference, onnxruntime'],
    [['--weights', 'int4'], '--weights has no meaning with --mode auto'],
  ])('refuses %s', async (flags, says) => {
    await fails(work, search(work.path('bad.onnx'), ...flags), { code: 2, error: 'USAGE', says: [says] });
  });

  itRefusesBeforeSearching({ mode: 'auto', workspace: () => work, search });

  it('needs a metric and labelled data', async () => {
    const args = ['quantize', model, '-o', work.path('bad.onnx'), '--mode', 'auto'];
    await fails(work, args, { code: 2, error: 'USAGE', says: ['--metric and --validation'] });
  });
});
