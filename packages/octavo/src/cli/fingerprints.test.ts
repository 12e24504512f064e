import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { memoryDataset } from '@octavo/datasets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from '../../tests/command-line.js';
import { rows } from '../../tests/models.js';
import { fingerprintOfData, fingerprintOfModel } from './fingerprints.js';

let work: Workspace;

beforeEach(() => {
  work = new Workspace();
});
afterEach(() => work.remove());

describe('the fingerprint of a model', () => {
  it('depends on every file of it, wherever they lie', async () => {
    const files = ['model.onnx', 'model.onnx.data'].map((name) => work.path(name));
    mkdirSync(work.path('copy'));
    const copies = ['model.onnx', 'model.onnx.data'].map((name) => work.path(`copy/${name}`));
    files.forEach((file, i) => {
      writeFileSync(file, `file ${i}`);
      copyFileSync(file, String(copies[i]));
    });
    const whole = await fingerprintOfModel(files);
    expect(await fingerprintOfModel([...files, ...files])).toBe(whole);
    expect(await fingerprintOfModel(copies)).toBe(whole);
    writeFileSync(String(copies[1]), 'other weights');
    expect(await fingerprintOfModel(copies)).not.toBe(whole);
  });
});

describe('the fingerprint of data', () => {
  it('depends on what a model is fed with, not on where that comes from', async () => {
    const of = (ids: string, phase = 0, count = 40) =>
      fingerprintOfData(
        memoryDataset(
          Array.from({ length: count }, (_, i) => ({
            id: `${ids}${i}`,
            feeds: { x: rows(1, 8, phase + i) },
          })),
        ),
      );
    const one = await of('a');
    expect(one).toEqual({ digest: expect.stringMatching(/^[0-9a-f]{64}$/), samples: 40 });
    expect(await of('b')).toEqual(one);
    expect(await of('a', 1)).not.toEqual(one);
    expect(await of('a', 0, 41)).not.toEqual(one);
    expect((await of('a', 0, 3)).samples).toBe(3);
    expect((await of('a', 0, 1)).samples).toBe(1);
  });

  it('depends on the first and the last sample, and on all of few', async () => {
    const of = (count: number, changed?: number) =>
      fingerprintOfData(
        memoryDataset(
          Array.from({ length: count }, (_, i) => ({
            id: String(i),
            feeds: { x: rows(1, 8, i === changed ? 1000 : i) },
          })),
        ),
      );
    for (const count of [1, 2, 16]) {
      const whole = await of(count);
      for (let i = 0; i < count; i++) expect(await of(count, i)).not.toEqual(whole);
    }
    for (const changed of [0, 999]) expect(await of(1000, changed)).not.toEqual(await of(1000));
  });
});
