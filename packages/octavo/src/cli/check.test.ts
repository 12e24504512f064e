import { readFileSync, writeFileSync } from 'node:fs';
import { fromNumbers, int64, toNumbers } from '@octavo/core/tensor';
import { loadOnnx } from '@octavo/formats/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { fails } from '../../tests/failures.js';
import { classifier, rows, saveModel, saveNpz } from '../../tests/models.js';
import { documentOf } from '../../tests/schemas.js';
import { openSession } from '../sessions.js';

const COUNT = 60;

let work: Workspace;
let model: string;
let int8: string;

const SUITE = `
name: release
data: data.npz
label: label
metrics: [top1]
segments: [group]
minSamples: 20
accuracy:
  - { minRetention: 0.9 }
  - { segments: [group], maxDrop: 0.2 }
fidelity: [{ metric: cosine, min: 0.99 }]
performance: { maxSizeRatio: 0.9 }
stability: { maxSaturated: 0.2, minWeightSqnr: 25, minLayerSqnr: 15, deterministic: true, finiteEdgeCases: true }
`;

beforeAll(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
  const x = rows(COUNT, 32);
  using session = await openSession(await loadOnnx(model), { backend: 'reference' });
  const { scores } = await session.run({ x });
  const numbers = scores ? [...toNumbers(scores)] : [];
  const label = Array.from({ length: COUNT }, (_, row) => {
    const own = numbers.slice(4 * row, 4 * row + 4);
    return own.indexOf(Math.max(...own));
  });
  const group = fromNumbers(
    'int32',
    [COUNT],
    Array.from({ length: COUNT }, (_, i) => Number(i % 6 === 0)),
  );
  const data = saveNpz(work.path('data.npz'), { x, label: int64(label), group });
  int8 = work.path('int8.onnx');
  await octavo(['quantize', model, '--calibration', data, '-o', int8]);
});
afterAll(() => work.remove());

function check(suite: string, ...args: string[]): string[] {
  writeFileSync(work.path('suite.yaml'), suite);
  return ['check', int8, '--against', model, '--suite', work.path('suite.yaml'), '--no-memory', ...args];
}

describe('octavo check', () => {
  it('finds a good model ready, and writes what was asked for', async () => {
    const written = ['--markdown', work.path('check.md'), '--junit', work.path('check.xml')];
    const ran = await octavo(check(SUITE, ...written, '--json'));
    expect(ran.code).toBe(0);
    const document = documentOf(ran.stdout, 'check');
    expect(document).toMatchObject({ verdict: 'ready', reasons: [], suite: 'release', samples: COUNT });
    const gates = document['gates'] as { name: string; status: string }[];
    expect(gates.map(({ name, status }) => `${status} ${name}`)).toEqual([
      'passed top1 retention',
      'passed top1 drop, group: 0',
      'skipped top1, group: 1',
      'passed cosine',
      'passed size ratio',
      expect.stringMatching(/^passed saturated activations, worst: /),
      expect.stringMatching(/^passed SQNR of weights, worst: /),
      expect.stringMatching(/^passed SQNR of layers, worst: /),
      'passed equal bits over runs and threads',
      'passed finite outputs in edge cases',
    ]);
    const stability = document['stability'] as Record<string, unknown[]>;
    expect(Object.entries(stability).map(([name, list]) => [name, list.length])).toEqual([
      ['layers', 3],
      ['activations', 2],
      ['weights', 2],
      ['deviations', 0],
      ['edgeCases', 9],
      ['outOfRange', expect.any(Number)],
    ]);
    expect(readFileSync(work.path('check.md'), 'utf8')).toMatch(/^## ✅ Ready: `.*int8\.onnx`/);
    expect(readFileSync(work.path('check.xml'), 'utf8')).toContain('<testsuites ');
  });

  it('exits with 1 and says why when a limit is broken', async () => {
    const ran = await octavo(check(SUITE.replace('maxSizeRatio: 0.9', 'maxSizeRatio: 0.01')));
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(
      /int8\.onnx: not ready\n {2}performance: size ratio: 0\.\d+x, at most 0\.01x allowed\.\n$/,
    );
    expect(ran.stdout).toMatch(/^failed +performance +size ratio/m);
  });

  it('fails where memory is judged but not measured', async () => {
    const ran = await octavo(check('data: data.npz\nperformance: { maxMemoryRatio: 5 }'));
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('peak memory ratio: not measured');
  });

  it('writes a snapshot once, then compares with it', async () => {
    const snapshot = work.path('model.snapshot.json');
    const suite = 'data: data.npz\nlabel: label\nmetrics: [top1]\nsnapshot: { latency: 1000 }';
    expect((await octavo(check(suite, '--snapshot', snapshot))).code).toBe(0);
    const taken = readFileSync(snapshot, 'utf8');
    expect(JSON.parse(taken)).toMatchObject({
      retention: { top1: expect.any(Number) },
      bytes: expect.any(Number),
    });
    const second = await octavo(check(suite, '--snapshot', snapshot));
    expect(second.stdout).toMatch(/^passed +snapshot +size since the snapshot/m);
    writeFileSync(snapshot, JSON.stringify({ ...JSON.parse(taken), bytes: 10 }));
    const third = await octavo(check(suite, '--snapshot', snapshot));
    expect([third.code, /^failed +snapshot +size/m.test(third.stdout)]).toEqual([1, true]);
    expect((await octavo(check(suite, '--snapshot', snapshot, '--update-snapshot'))).code).toBe(0);
    expect(JSON.parse(readFileSync(snapshot, 'utf8'))).toMatchObject({ bytes: JSON.parse(taken).bytes });
  });

  it('refuses a suite that cannot be read, and quotes little of what is none', async () => {
    const missing = ['check', int8, '--against', model, '--suite', work.path('missing.yaml')];
    await fails(work, missing, { code: 2, error: 'SUITE_UNREADABLE', says: [/missing\.yaml: .*ENOENT/] });
    const table = check('zip,price\n'.repeat(40_000));
    const said = await fails(work, table, {
      code: 2,
      error: 'SUITE_FIELD',
      says: [/suite\.yaml:1:1: the suite/],
    });
    expect(said.length).toBeLessThan(1000);
  });

  it('refuses a bad suite, naming the place in it', async () => {
    const says = [/suite\.yaml:2:9: metrix: there is no such field/];
    await fails(work, check('data: data.npz\nmetrix: [top1]'), { code: 2, error: 'SUITE_FIELD', says });
    await fails(work, check('data: ['), { code: 2, error: 'SUITE_SYNTAX', says: [/suite\.yaml:1:8/] });
  });

  it('refuses outputs that are inputs, and snapshots that are none', async () => {
    const data = work.path('data.npz');
    const suite = 'data: data.npz';
    await fails(work, check(suite, '--markdown', data), {
      code: 2,
      error: 'OUTPUT_IS_INPUT',
      says: [/data\.npz/],
    });
    await fails(work, check(suite, '--update-snapshot'), {
      code: 2,
      error: 'USAGE',
      says: [/needs --snapshot/],
    });
    const junk = work.path('junk.json');
    writeFileSync(junk, '{}');
    await fails(work, check(suite, '--snapshot', junk), {
      code: 1,
      error: 'SNAPSHOT_INVALID',
      says: [/junk\.json/],
    });
  });
});
