import { readFileSync } from 'node:fs';
import { toNumbers } from '@octavo/core/tensor';
import { readNpy } from '@octavo/datasets/node';
import { loadOnnx } from '@octavo/formats/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { classifier, rows, saveModel, saveNpy, twoInputs } from '../../tests/models.js';
import { documentOf } from '../../tests/schemas.js';
import { openSession } from '../sessions.js';

let work: Workspace;
let model: string;

beforeEach(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
});
afterEach(() => work.remove());

describe('octavo run', () => {
  it('reads inputs from .npy files and writes outputs to them', async () => {
    const x = rows(3, 32);
    const args = [
      'run',
      model,
      '--input',
      `x=${saveNpy(work.path('x.npy'), x)}`,
      '--output',
      work.path('out'),
    ];
    const ran = await octavo([...args, '--backend', 'reference', '--json']);
    expect(ran.code).toBe(0);
    const file = work.path('out', 'scores.npy');
    expect(documentOf(ran.stdout, 'run')).toMatchObject({
      randomInputs: [],
      outputs: [{ name: 'scores', dtype: 'float32', shape: [3, 4], file }],
    });
    using session = await openSession(await loadOnnx(model), { backend: 'reference' });
    const { scores } = await session.run({ x });
    expect(await readNpy(file)).toEqual(scores);
    expect(work.list()).toEqual(['model.onnx', 'out', 'out/scores.npy', 'x.npy']);
  });

  it('makes up inputs from a seed', async () => {
    const outputs = async (seed: string) => {
      const ran = await octavo(['run', model, '--seed', seed, '--json']);
      const document = documentOf(ran.stdout, 'run');
      expect(document['randomInputs']).toEqual(['x']);
      return document['outputs'];
    };
    expect(await outputs('1')).toEqual(await outputs('1'));
    expect(await outputs('2')).not.toEqual(await outputs('1'));
  });

  it('feeds several inputs by name', async () => {
    const two = await saveModel(twoInputs(), work.path('two.onnx'));
    const left = saveNpy(work.path('l.npy'), rows(2, 16));
    const right = saveNpy(work.path('r.npy'), rows(2, 16, 1));
    const args = [
      'run',
      two,
      '--input',
      `right=${right}`,
      '--input',
      `left=${left}`,
      '--output',
      work.path('out'),
    ];
    expect((await octavo([...args, '--backend', 'onnxruntime'])).code).toBe(0);
    const onnxruntime = toNumbers(await readNpy(work.path('out', 'sum.npy')));
    expect((await octavo([...args, '--backend', 'reference'])).code).toBe(0);
    const own = toNumbers(await readNpy(work.path('out', 'sum.npy')));
    for (const [i, value] of own.entries()) expect(value).toBeCloseTo(onnxruntime[i] ?? Number.NaN, 4);
  });

  it('tells what runs each node with --explain', async () => {
    const ran = await octavo(['run', model, '--backend', 'reference', '--explain']);
    expect(ran.stdout).toMatch(/^random inputs: x\n/);
    expect(ran.stdout).toMatch(/hidden_gemm +Gemm +float32 +reference/);
    expect(ran.stdout).toMatch(/\d ms\n/);
  });

  it('replaces results of an earlier run as a whole', async () => {
    const args = ['run', model, '--output', work.path('out'), '--seed'];
    await octavo([...args, '1']);
    const first = readFileSync(work.path('out', 'scores.npy'));
    await octavo([...args, '2']);
    expect(readFileSync(work.path('out', 'scores.npy')).equals(first)).toBe(false);
    expect(work.list().filter((file) => file.includes('partial'))).toEqual([]);
  });
});
