import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel, parse } from '@octavo/core/ir';
import { float32, toNumbers } from '@octavo/core/tensor';
import { saveOnnx } from '@octavo/formats/node';
import { reference } from '@octavo/reference';
import { expect, it } from 'vitest';
import { createSession } from './create-session.js';
import { defaultBackends } from './sessions.js';

const model = createModel(
  parse('graph opset 21 {\n input %x: float32[4]\n %y: float32[4] = Relu(%x)\n output %y\n}'),
);
const x = float32([-1, 0, 1, 2]);

it('supplies backends, for models in memory and in files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octavo-session-'));
  try {
    const path = join(folder, 'relu.onnx');
    await saveOnnx(model, path);
    for (const source of [model, path]) {
      using session = await createSession(source);
      const { y } = session.runSync({ x });
      expect(y && [...toNumbers(y)]).toEqual([0, 0, 1, 2]);
      expect(session.explain().toString()).toContain(`  ${defaultBackends()[0]?.id} `);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('runs on the backends that it is given', async () => {
  using session = await createSession(model, { backends: [reference()], threads: 1 });
  expect(session.explain().toString()).toContain('  reference ');
});
