import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { classifier, rows, saveModel, saveNpz } from '../../tests/models.js';
import { documentOf } from '../../tests/schemas.js';

const LINE = 'octavo: interrupted; no partial file is left behind.\n';

let work: Workspace;
let model: string;
let data: string;

beforeEach(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
  data = saveNpz(work.path('data.npz'), { x: rows(2000, 32), label: rows(2000, 1) });
});
afterEach(() => work.remove());

/** Holds some turns of the event loop after calibration began: each sample takes at least one. */
function duringCalibration(turns = 10): (written: { readonly stderr: string }) => boolean {
  let left = turns;
  return ({ stderr }) => stderr.includes('calibrating') && left-- <= 0;
}

const whileWriting = (): boolean => work.list().some((file) => file.endsWith('.partial'));

describe('a signal in the middle of the work', () => {
  const quantize = (...flags: string[]) => ['quantize', model, '-o', work.path('out.onnx'), ...flags];

  it('ends calibration with 130 after Ctrl-C and leaves no file', async () => {
    const before = work.list();
    const ran = await octavo(quantize('--calibration', data, '--report', work.path('report')), {
      interrupt: { signal: 'SIGINT', when: duringCalibration() },
    });
    expect(ran).toEqual({ code: 130, stdout: '', stderr: `calibrating 2000 samples\n${LINE}` });
    expect(work.list()).toEqual(before);
  });

  it('prints one document with --json', async () => {
    const ran = await octavo(quantize('--calibration', data, '--json'), {
      interrupt: { signal: 'SIGINT', when: duringCalibration() },
    });
    expect(documentOf(ran.stdout, 'error')).toMatchObject({ error: { code: 'INTERRUPTED' } });
  });

  it('ends with 143 after SIGTERM', async () => {
    const ran = await octavo(quantize('--calibration', data), {
      interrupt: { signal: 'SIGTERM', when: duringCalibration() },
    });
    expect(ran.code).toBe(143);
  });

  it.each([
    ['static', () => ['--calibration', data, '--samples', '4']],
    ['dynamic', () => ['--mode', 'dynamic']],
    ['weight-only', () => ['--mode', 'weight-only']],
    ['fp16', () => ['--mode', 'fp16']],
  ])('removes the half-written %s model', async (_, flags) => {
    const before = work.list();
    const ran = await octavo(quantize(...flags()), { interrupt: { signal: 'SIGINT', when: whileWriting } });
    expect(ran.code).toBe(130);
    expect(ran.stdout).toBe('');
    expect(work.list()).toEqual(before);
  });

  it('removes half-written outputs of run, and the directory made for them', async () => {
    const before = work.list();
    const ran = await octavo(['run', model, '--output', work.path('deep', 'out')], {
      interrupt: { signal: 'SIGINT', when: whileWriting },
    });
    expect(ran.code).toBe(130);
    expect(work.list()).toEqual(before);
  });

  it.each([
    [
      'evaluate',
      () => ['evaluate', model, '--data', data, '--metric', 'top1', '--label', 'label'],
      'scoring',
    ],
    ['compare', () => ['compare', model, model, '--data', data], 'comparing'],
  ])('ends %s', async (_, args, text) => {
    const ran = await octavo(args(), {
      interrupt: { signal: 'SIGINT', when: ({ stderr }) => stderr.includes(text) },
    });
    expect(ran.code).toBe(130);
    expect(ran.stdout).toBe('');
  });
});

const built = existsSync(new URL('../../dist/cli/main.js', import.meta.url));
const posix = process.platform !== 'win32';

describe.skipIf(!built || !posix)('the built command', () => {
  it('hears a real Ctrl-C', async () => {
    const before = work.list();
    const bin = fileURLToPath(new URL('../../bin/octavo.js', import.meta.url));
    const args = [bin, 'quantize', model, '-o', work.path('out.onnx'), '--calibration', saveMany()];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const code = await new Promise<number | null>((resolve) => {
      child.stderr.once('data', () => child.kill('SIGINT'));
      child.once('exit', resolve);
    });
    expect(code).toBe(130);
    expect(work.list()).toEqual([...before, 'many.npz'].sort());
  });

  /** Samples enough for the signal to arrive while they are calibrated. */
  function saveMany(): string {
    return saveNpz(work.path('many.npz'), { x: rows(50_000, 32) });
  }
});
