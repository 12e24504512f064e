import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { float32 } from '@octavo/core/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from '../../tests/command-line.js';
import { type Failure, fails, failsInOneLine } from '../../tests/failures.js';
import { classifier, rows, saveModel, saveNpz } from '../../tests/models.js';

let work: Workspace;
let model: string;
let data: string;
let output: string;

beforeEach(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
  data = saveNpz(work.path('data.npz'), { x: rows(6, 32), label: float32([0, 1, 2, 3, 0, 1]) });
  output = work.path('out.onnx');
});
afterEach(() => work.remove());

describe('places that cannot be written', () => {
  it('a directory that does not exist, found before calibration', async () => {
    const args = ['quantize', model, '-o', work.path('none', 'out.onnx'), '--calibration', data];
    await failsInOneLine(work, args, {
      code: 1,
      error: 'OUTPUT_UNWRITABLE',
      says: [/none\/out\.onnx: .*ENOENT.*directory/],
    });
  });

  it('a file in place of the directory', async () => {
    const args = ['quantize', model, '-o', `${data}/out.onnx`, '--mode', 'dynamic'];
    await failsInOneLine(work, args, { code: 1, error: 'OUTPUT_UNWRITABLE', says: ['data.npz'] });
  });

  it.skipIf(process.platform === 'win32')('a pipe or device in place of the file', async () => {
    execFileSync('mkfifo', [output]);
    const args = ['quantize', model, '-o', output, '--mode', 'fp16'];
    await failsInOneLine(work, args, { code: 1, error: 'OUTPUT_UNWRITABLE', says: ['no regular file'] });
  });

  it('a directory in place of the file', async () => {
    mkdirSync(output);
    const args = ['quantize', model, '-o', output, '--mode', 'dynamic'];
    await failsInOneLine(work, args, { code: 1, error: 'OUTPUT_UNWRITABLE', says: ['it is a directory'] });
  });

  it.skipIf(process.getuid === undefined || process.getuid() === 0)(
    'a directory without permission',
    async () => {
      mkdirSync(work.path('locked'), { mode: 0o555 });
      const args = ['quantize', model, '-o', work.path('locked', 'out.onnx'), '--mode', 'dynamic'];
      await failsInOneLine(work, args, { code: 1, error: 'OUTPUT_UNWRITABLE', says: ['EACCES'] });
    },
  );

  it('a report directory that is a file, found before the model is written', async () => {
    const args = ['quantize', model, '-o', output, '--mode', 'dynamic', '--report', `${data}/report`];
    await failsInOneLine(work, args, { code: 1, error: 'OUTPUT_UNWRITABLE', says: ['data.npz/report'] });
  });

  it('a directory for outputs of run that is a file', async () => {
    await failsInOneLine(work, ['run', model, '--output', data], {
      code: 1,
      error: 'OUTPUT_UNWRITABLE',
      says: ['data.npz'],
    });
  });

  it.skipIf(process.platform !== 'linux')('a file system without new files', async () => {
    const failure: Failure = { code: 1, error: 'OUTPUT_UNWRITABLE', says: [/\/proc\/octavo.*ENOENT/] };
    await failsInOneLine(work, ['run', model, '--backend', 'reference', '--output', '/proc/octavo'], failure);
    await fails(work, ['quantize', model, '-o', '/proc/octavo.onnx', '--mode', 'fp16'], {
      ...failure,
      error: 'FILE_UNWRITABLE',
    });
  });

  it.each([
    ['the same path', () => model],
    ['the same path in other words', () => work.path('.', 'folder', '..', 'model.onnx')],
    ['a link', () => work.path('link.onnx')],
    ['a hard link', () => work.path('hard.onnx')],
  ])('the input itself: %s', async (_, target) => {
    mkdirSync(work.path('folder'));
    symlinkSync(model, work.path('link.onnx'));
    linkSync(model, work.path('hard.onnx'));
    const before = readFileSync(model);
    const args = ['quantize', model, '-o', target(), '--mode', 'fp16'];
    await failsInOneLine(work, args, {
      code: 2,
      error: 'OUTPUT_IS_INPUT',
      says: [/the output is the input.*another file/],
    });
    expect(readFileSync(model).equals(before)).toBe(true);
  });
});
