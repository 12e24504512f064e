import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel, inferTypes, type Model, parse } from '@octavo/core/ir';
import {
  type DType,
  decodeStrings,
  encodeStrings,
  float32,
  fromNumbers,
  int64,
  StoredTensor,
  Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSession } from '../create-session.js';
import { createOnnxRuntimeSession } from './index.node.js';

function modelOf(text: string): Model {
  const graph = parse(`graph main opset 21 {\n${text}\n}`);
  inferTypes(graph);
  return createModel(graph);
}

const CHAIN = `
  input %x: float32[N, 2]
  const %w: float32[2, 2] = [1, -1, 2, -2]
  %h = MatMul(%x, %w)
  %r = Relu(%h)
  %y = Softmax(%r)
  output %y`;

const X = float32([1, 2, -3, 1], [2, 2]);

describe('onnxruntime behind the session interface', () => {
  it('carries the bits of float16 into onnxruntime and back', async () => {
    const model = modelOf('input %x: float16[3]\n%y: float16[3] = Neg(%x)\noutput %y');
    using session = await createOnnxRuntimeSession(model);
    const { y } = await session.run({
      x: new Tensor('float16', [3], Uint16Array.of(0x3c00, 0x0001, 0xfbff)),
    });
    expect(y).toEqual(new Tensor('float16', [3], Uint16Array.of(0xbc00, 0x8001, 0x7bff)));
  });

  it('keeps every bit of integer products on every CPU', async () => {
    const model = modelOf(`
      input %x: uint8[1, 64]
      const %w: int8[64, 32] = [${Array.from({ length: 64 * 32 }, (_, i) => (i % 3 === 0 ? -128 : 127)).join(', ')}]
      %y: int32[1, 32] = MatMulInteger(%x, %w)
      output %y`);
    const x = new Tensor('uint8', [1, 64], new Uint8Array(64).fill(255));
    using exact = await createOnnxRuntimeSession(model);
    using ours = await createSession(model, { backends: [reference()] });
    expect(await exact.run({ x })).toEqual(await ours.run({ x }));
  });

  it.each<[DType, Tensor]>([
    ['float32', float32([1.5, Number.NaN, -0])],
    ['float64', fromNumbers('float64', [3], [1e300, -0.1, 0])],
    ['int8', fromNumbers('int8', [3], [-128, 0, 127])],
    ['uint8', fromNumbers('uint8', [3], [0, 128, 255])],
    ['int32', fromNumbers('int32', [3], [-(2 ** 31), 0, 2 ** 31 - 1])],
    ['int64', int64([-(2n ** 63n), 0n, 2n ** 63n - 1n])],
    ['bool', fromNumbers('bool', [3], [1, 0, 1])],
  ])('carries %s through Reshape', async (dtype, tensor) => {
    const model = modelOf(
      `input %x: ${dtype}[3]\nconst %s: int64[2] = [3, 1]\n%y = Reshape(%x, %s)\noutput %y`,
    );
    using session = await createOnnxRuntimeSession(model);
    const { y } = await session.run({ x: tensor });
    expect([y?.dtype, y?.shape]).toEqual([dtype, [3, 1]]);
    expect(y?.bytes).toEqual(tensor.bytes);
  });

  it('carries strings', async () => {
    const model = modelOf('input %x: string[2]\n%y = Identity(%x)\noutput %y');
    using session = await createOnnxRuntimeSession(model);
    const words = ['Zürich', ''].map((word) => new TextEncoder().encode(word));
    const { y } = await session.run({ x: new Tensor('string', [2], encodeStrings(words)) });
    expect(y?.is('string') && decodeStrings(y.data)).toEqual(words);
  });

  it('has the ports and the results of our own sessions', async () => {
    using theirs = await createOnnxRuntimeSession(modelOf(CHAIN));
    using ours = await createSession(modelOf(CHAIN), { backends: [reference()] });
    expect(theirs.inputs).toEqual(ours.inputs);
    expect(theirs.outputs.map(({ name, dtype }) => [name, dtype])).toEqual([['y', 'float32']]);
    const [a, b] = [await theirs.run({ x: X }), await ours.run({ x: X })];
    const expected = Array.from(b['y'] ? toNumbers(b['y']) : []);
    expect(expected).toHaveLength(4);
    Array.from(a['y'] ? toNumbers(a['y']) : []).forEach((value, i) => {
      expect(Math.abs(value - (expected[i] ?? 0))).toBeLessThanOrEqual(2 * 2 * 2 ** -23);
    });
  });

  it('reports taps of inputs and intermediate values, which are no outputs', async () => {
    using session = await createOnnxRuntimeSession(modelOf(CHAIN), {
      taps: ['x', 'r', 'y'],
      optimization: 'disabled',
    });
    const seen = new Map<string, number[]>();
    const onTap = (name: string, tensor: Tensor) => seen.set(name, Array.from(toNumbers(tensor)));
    const outputs = await session.run({ x: X }, { onTap });
    expect([...seen.keys()].sort()).toEqual(['r', 'x', 'y']);
    expect(seen.get('r')).toEqual([5, 0, 0, 1]);
    expect(Object.keys(outputs)).toEqual(['y']);
    expect(session.outputs.map(({ name }) => name)).toEqual(['y']);
  });

  it('runs models whose tensors are not in memory and leaves no file behind', async () => {
    const model = modelOf(CHAIN);
    const weights = model.graph.value('w');
    const bytes = float32([1, -1, 2, -2]).bytes;
    let reads = 0;
    if (weights) {
      weights.constant = new StoredTensor('float32', [2, 2], {
        byteLength: bytes.length,
        read: async (offset, length) => {
          reads++;
          return bytes.slice(offset, offset + length);
        },
      });
    }
    const folder = await mkdtemp(join(tmpdir(), 'octavo-session-'));
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    });
    using session = await createOnnxRuntimeSession(model, { taps: ['h'] });
    expect(await readdir(folder)).toEqual([]);
    const seen = new Map<string, number[]>();
    await session.run({ x: X }, { onTap: (name, tensor) => seen.set(name, Array.from(toNumbers(tensor))) });
    expect(seen.get('h')).toEqual([5, -5, -1, 1]);
    expect(reads).toBeGreaterThan(0);
  });

  it('refuses wrong feeds, unknown taps, taps of paths, and dtypes that onnxruntime does not hand over', async () => {
    using session = await createOnnxRuntimeSession(modelOf(CHAIN));
    await expect(session.run({})).rejects.toMatchObject({ code: 'FEED_MISSING' });
    await expect(session.run({ x: float32([1]) })).rejects.toMatchObject({ code: 'FEED_SHAPE' });
    await expect(createOnnxRuntimeSession(modelOf(CHAIN), { taps: ['none'] })).rejects.toMatchObject({
      code: 'TAP_UNKNOWN',
    });
    await expect(createOnnxRuntimeSession('model.onnx', { taps: ['h'] })).rejects.toMatchObject({
      code: 'ORT_TAPS',
      where: 'model.onnx',
    });
    const half = modelOf('input %x: bfloat16[1]\n%y = Identity(%x)\noutput %y');
    await expect(createOnnxRuntimeSession(half)).rejects.toMatchObject({ code: 'ORT_LOAD' });
  });

  it('tells what onnxruntime says about a model that it refuses', async () => {
    const model = modelOf('input %x: float32[1]\n%y: float32[1] = NoSuchOp(%x)\noutput %y');
    await expect(createOnnxRuntimeSession(model)).rejects.toMatchObject({
      code: 'ORT_LOAD',
      fault: expect.stringContaining('NoSuchOp'),
    });
    await expect(createOnnxRuntimeSession('/no/such/model.onnx')).rejects.toMatchObject({
      code: 'ORT_LOAD',
      where: '/no/such/model.onnx',
    });
  });

  it('runs asynchronously only, honours abort signals and can be disposed twice', async () => {
    const session = await createOnnxRuntimeSession(modelOf(CHAIN));
    expect(() => session.runSync({ x: X })).toThrow(expect.objectContaining({ code: 'SESSION_ASYNC' }));
    const reason = new Error('enough');
    await expect(session.run({ x: X }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(session.explain().nodes.map(({ backend }) => backend)).toEqual(['onnxruntime']);
    session.dispose();
    session.dispose();
    await expect(session.run({ x: X })).rejects.toMatchObject({ code: 'SESSION_DISPOSED' });
  });
});
