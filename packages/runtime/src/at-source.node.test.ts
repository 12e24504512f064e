import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel, inferTypes, parse } from '@octavo/core/ir';
import { encodeModel } from '@octavo/formats';
import { reference } from '@octavo/reference';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atSource } from './at-source.js';
import { createSession } from './create-session.js';
import { SessionError } from './session-error.js';

const graph = parse('graph opset 21 { input %x: float32[2]\n %y = Relu(%x)\n output %y }');
inferTypes(graph);
const bytes = encodeModel(createModel(graph));

let folder = '';
let path = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-source-'));
  path = join(folder, 'model.onnx');
  await writeFile(path, bytes);
});

afterAll(() => rm(folder, { recursive: true }));

describe('errors of sessions that are made from a path', () => {
  it('begin with it, and are what they were', async () => {
    const tapped = createSession(path, { backends: [reference()], taps: ['nothing'] });
    await expect(tapped).rejects.toBeInstanceOf(SessionError);
    await expect(tapped).rejects.toMatchObject({ code: 'TAP_UNKNOWN', where: `${path}: value nothing` });
    await expect(createSession(path, { backends: [] })).rejects.toMatchObject({
      code: 'OP_UNSUPPORTED',
      message: expect.stringMatching(/^.*model\.onnx: .*Relu/),
    });
  });

  it('begin with it where the place holds it as a word of its own', async () => {
    const tapped = atSource('value', async () => {
      throw new SessionError({ code: 'TAP_UNKNOWN', where: 'value nothing', message: 'no such value.' });
    });
    await expect(tapped).rejects.toMatchObject({ where: 'value: value nothing' });
  });

  it('name it once', async () => {
    const short = join(folder, 'short.onnx');
    await writeFile(short, bytes.subarray(0, 20));
    const error: unknown = await createSession(short, { backends: [reference()] }).catch((fault) => fault);
    expect(String(error).split('short.onnx')).toHaveLength(2);
  });
});
