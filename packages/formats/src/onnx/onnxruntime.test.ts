import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dim, Value } from '@octavo/core/ir';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testData } from '../../tests/test-data.node.js';
import { loadOnnx } from './load.node.js';
import { type SaveOptions, saveOnnx } from './save.node.js';

const data = testData();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-ort-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Shapes of inputs that their types leave open. */
const SHAPES: Readonly<Record<string, readonly number[]>> = { input: [1, 576] };

/** A fixed input that suits the value's type: open dimensions become 1, a sample rate its usual value. */
function feedFor(value: Value): Tensor {
  const shape: readonly Dim[] = value.shape ?? [];
  const open = shape.every((dim) => typeof dim !== 'number') ? SHAPES[value.name] : undefined;
  const dims = open ?? shape.map((dim) => (typeof dim === 'number' && dim > 0 ? dim : 1));
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (value.dtype === 'int64') {
    const filled = value.name === 'sr' ? 16_000n : undefined;
    return new Tensor(
      'int64',
      BigInt64Array.from({ length: size }, (_, i) => filled ?? BigInt(i % 3)),
      dims,
    );
  }
  if (value.dtype === 'int32')
    return new Tensor(
      'int32',
      Int32Array.from({ length: size }, (_, i) => i % 256),
      dims,
    );
  return new Tensor(
    'float32',
    Float32Array.from({ length: size }, (_, i) => Math.sin(i)),
    dims,
  );
}

async function outputsOf(path: string, feeds: Record<string, Tensor>): Promise<Record<string, unknown>> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const outputs = await session.run(feeds);
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data]));
}

describe.skipIf(!data)('onnxruntime computes the same from a model after rewriting', () => {
  const models: [string, SaveOptions][] = [
    ['vision/cifar_resnet/resnet20_cifar10.onnx', {}],
    ['vision/mnist_cntk/mnist.onnx', { externalData: 'always' }],
    ['vision/ultraface/version-slim-320.onnx', {}],
    ['vision/tiny_darknet/tiny_darknet.onnx', { externalData: 'always', externalThreshold: 0 }],
    ['tabular/kc_house/kc_house_mlp.onnx', { externalData: 'always' }],
    ['text/magika/model.onnx', {}],
    ['lm/stories260K/stories260K.onnx', { externalData: 'always' }],
    ['lm/char_lstm_shakespeare/char_lstm_shakespeare.onnx', {}],
    ['audio/silero_vad/silero_vad.onnx', {}],
    ['audio/silero_vad/silero_vad_16k_op15.onnx', { externalData: 'always' }],
    ['audio/wakeword/jarvis_v2.onnx', {}],
  ];

  it.each(models)('%s %o', async (name, options) => {
    const original = join(data ?? '', name);
    const model = await loadOnnx(original, { constantInputs: 'keep' });
    await saveOnnx(model, join(folder, 'model.onnx'), options);
    const feeds = Object.fromEntries(
      model.graph.inputs.filter((value) => !value.constant).map((value) => [value.name, feedFor(value)]),
    );
    expect(await outputsOf(join(folder, 'model.onnx'), feeds)).toEqual(await outputsOf(original, feeds));
  });
});
