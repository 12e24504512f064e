import { createModel, inferTypes, parse } from '@octavo/core/ir';
import { float32, type Tensor } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { createOnnxRuntimeSession } from './create-onnxruntime-session.js';
import { createOnnxRuntimeSession as createOnNode } from './create-onnxruntime-session.node.js';

const graph = parse(`graph main opset 21 {
  input %x: float32[N, 2]
  const %w: float32[2, 2] = [1, -1, 2, -2]
  %h = MatMul(%x, %w)
  %y = Relu(%h)
  output %y
}`);
inferTypes(graph);
const model = createModel(graph);
const x = float32([1, 2, -3, 1], [2, 2]);

it('runs on the web build of onnxruntime with the results and taps of the native one', async () => {
  const results: unknown[] = [];
  for (const create of [createOnnxRuntimeSession, createOnNode]) {
    using session = await create(model, { taps: ['h'], optimization: 'basic' });
    const taps = new Map<string, Tensor>();
    const outputs = await session.run({ x }, { onTap: (name, tensor) => taps.set(name, tensor) });
    results.push([outputs, taps, session.inputs, session.outputs]);
  }
  expect(results[0]).toEqual(results[1]);
});

it('times the whole graph, and says what it cannot do', async () => {
  const session = await createOnnxRuntimeSession(model);
  const profile = await session.profile({ x }, { rounds: 2 });
  expect(profile.nodes).toMatchObject([{ node: '(whole graph)', fraction: 1 }]);
  await expect(session.bind({ x })).rejects.toMatchObject({ code: 'SESSION_ASYNC' });
  expect(() => session.share()).toThrow(expect.objectContaining({ code: 'SESSION_NOT_SHAREABLE' }));
  await session[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  await expect(session.run({ x })).rejects.toMatchObject({ code: 'SESSION_DISPOSED' });
});
