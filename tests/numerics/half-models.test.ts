import { createModel, inferTypes, type Model, parse } from '@octavo/core/ir';
import { fromNumbers, StoredTensor, type Tensor, toNumbers } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { describe, expect, it } from 'vitest';
import { describeWithAddon } from '../../packages/cpu/tests/addon.js';
import { reals } from '../conformance/random-tensors.js';

type Half = 'float16' | 'bfloat16';

/** Nodes from x to y; other values of the type HALF are weights. */
const NODES: Readonly<Record<string, string>> = {
  Conv: `input %x: HALF[2, 5, 9, 8]
    value %w: HALF[7, 5, 3, 3]
    value %b: HALF[7]
    %y = Conv(%x, %w, %b) {pads=[1, 1, 1, 1]}`,
  ConvTranspose: `input %x: HALF[1, 4, 5, 3]
    value %w: HALF[4, 3, 3, 3]
    %y = ConvTranspose(%x, %w) {strides=[2, 2]}`,
  Gemm: `input %x: HALF[3, 37]
    value %w: HALF[11, 37]
    value %b: HALF[11]
    %y = Gemm(%x, %w, %b) {transB=1}`,
  MatMul: `input %x: HALF[2, 3, 37]
    value %w: HALF[37, 11]
    %y = MatMul(%x, %w)`,
  LSTM: `input %x: HALF[6, 2, 5]
    value %w: HALF[1, 28, 5]
    value %r: HALF[1, 28, 7]
    value %b: HALF[1, 56]
    %y, %h, %c = LSTM(%x, %w, %r, %b) {hidden_size=7}`,
  LayerNormalization: `input %x: HALF[3, 37]
    value %w: HALF[37]
    %y = LayerNormalization(%x, %w) {axis=-1}`,
  Softmax: 'input %x: HALF[3, 37]\n%y = Softmax(%x) {axis=-1}',
  Gelu: 'input %x: HALF[3, 37]\n%y = Gelu(%x)',
  MaxPool: 'input %x: HALF[1, 3, 9, 8]\n%y = MaxPool(%x) {kernel_shape=[2, 2], strides=[2, 2]}',
  Add: 'input %x: HALF[3, 37]\nvalue %w: HALF[37]\n%y = Add(%x, %w)',
};

/** The distance of neighbouring numbers of a type, relative to them. */
const STEP: Readonly<Record<Half, number>> = { float16: 2 ** -10, bfloat16: 2 ** -7 };

/** The same pseudo-random weights every time. */
function modelOf(text: string, type: Half): Model {
  const graph = parse(`graph opset 22 {\n${text.replaceAll('HALF', type)}\noutput %y\n}`);
  for (const value of graph.values) {
    if (value.producer || value.constant || graph.inputs.includes(value) || value.dtype !== type) continue;
    const shape = (value.shape ?? []).map(Number);
    value.constant = StoredTensor.of(fromNumbers(type, shape, toNumbers(reals(shape, 3))));
  }
  inferTypes(graph);
  return createModel(graph);
}

function feedsFor({ graph }: Model, type: Half) {
  const shape = (graph.inputs[0]?.shape ?? []).map(Number);
  return { x: fromNumbers(type, shape, toNumbers(reals(shape, 5))) };
}

/** The largest error in steps of the type, where numbers below 2^-6 of the largest have the steps of that. */
function largestError(found: Tensor | undefined, expected: Tensor | undefined, type: Half): number {
  if (!found || !expected) throw new Error('an output is missing');
  expect([found.dtype, found.shape]).toEqual([expected.dtype, expected.shape]);
  const [a, b] = [toNumbers(found), toNumbers(expected)];
  const least = 2 ** -6 * Math.max(...Array.from(b, Math.abs));
  return Math.max(
    ...Array.from(a, (y, i) => {
      const other = b[i] ?? Number.NaN;
      return Math.abs(y - other) / (STEP[type] * Math.max(Math.abs(other), least));
    }),
  );
}

describeWithAddon('nodes on halves', () => {
  const cases = Object.entries(NODES).flatMap(([op, text]) =>
    (['float16', 'bfloat16'] as const).map((type) => ({ op, type, text })),
  );

  it.each(cases)('$op on $type runs in float32 natively and is rounded once', async ({ type, text }) => {
    const model = modelOf(text, type);
    using onCpu = await createSession(model, { backends: [cpu()] });
    using onReference = await createSession(model, { backends: [reference()] });
    const feeds = feedsFor(model, type);
    const [found, expected] = await Promise.all([onCpu.run(feeds), onReference.run(feeds)]);
    expect(found['y']?.dtype).toBe(type);
    expect(largestError(found['y'], expected['y'], type)).toBeLessThanOrEqual(1);
  });

  it.each(cases.filter(({ type }) => type === 'float16'))(
    '$op on float16 is what onnxruntime gives, within one step',
    async ({ type, text }) => {
      const model = modelOf(text, type);
      using onCpu = await createSession(model, { backends: [cpu()] });
      using theirs = await createOnnxRuntimeSession(model);
      const feeds = feedsFor(model, type);
      const [found, expected] = await Promise.all([onCpu.run(feeds), theirs.run(feeds)]);
      expect(largestError(found['y'], expected['y'], type)).toBeLessThanOrEqual(1);
    },
  );
});

describe('the reference backend', () => {
  it('computes halves in halves, node by node', async () => {
    const model = modelOf(NODES['Add'] ?? '', 'float16');
    using session = await createSession(model, { backends: [reference()] });
    expect(session.explain().nodes.map(({ op, dtype }) => `${op} ${dtype}`)).toEqual(['Add float16']);
  });
});
