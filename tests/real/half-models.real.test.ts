import { join } from 'node:path';
import { loadOnnx } from '@octavo/formats/node';
import { quantizeModel } from '@octavo/quantizer';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { openSession } from 'octavo';
import { describe, expect, test } from 'vitest';
import { agreement } from './agreement.js';
import { dataFolder } from './data-folder.js';
import { REAL_MODELS } from './real-models.js';

const FILES = ['resnet20_cifar10', 'kc_house_mlp', 'gpt_nano_sort', 'char_lstm_shakespeare'];
const MODELS = REAL_MODELS.filter(({ file }) => FILES.some((name) => file.endsWith(`${name}.onnx`)));

/** The bounds of docs/numerics.md: the least SQNR in dB. */
const LEAST = { fp16: 36, bf16: 22 } as const;
const LEAST_SAME_TOP = 0.97;

const folder = dataFolder() ?? '';

describe.skipIf(folder === '')('public models in halves', () => {
  test('are all here', () => expect(MODELS).toHaveLength(FILES.length));

  describe.each(MODELS)('$name', (real) => {
    const halved = async (mode: 'fp16' | 'bf16') => {
      const path = join(folder, real.file);
      using float = await createOnnxRuntimeSession(path);
      const { model } = await quantizeModel(await loadOnnx(path), { recipe: { mode } });
      return { model, samples: (await real.test(folder, float)).slice(0, 4) };
    };

    test.each(['fp16', 'bf16'] as const)('run natively in %s, near the reference', async (mode) => {
      const { model, samples } = await halved(mode);
      using onCpu = await openSession(model, { backend: 'cpu' });
      using onReference = await openSession(model, { backend: 'reference' });
      expect(onCpu.explain().nodes.filter(({ backend }) => backend !== 'cpu')).toEqual([]);
      const { sqnr } = await agreement(onCpu, onReference, samples, real.decide);
      expect(sqnr).toBeGreaterThanOrEqual(LEAST[mode]);
    });

    test('run in fp16 as in onnxruntime', async () => {
      const { model, samples } = await halved('fp16');
      using onCpu = await openSession(model, { backend: 'cpu' });
      using theirs = await createOnnxRuntimeSession(model);
      const { sqnr, sameTop = 1 } = await agreement(onCpu, theirs, samples, real.decide);
      expect(sqnr).toBeGreaterThanOrEqual(LEAST.fp16);
      expect(sameTop).toBeGreaterThanOrEqual(LEAST_SAME_TOP);
    });
  });
});
