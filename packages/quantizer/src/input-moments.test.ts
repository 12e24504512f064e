import { createModel, inferTypes, parse } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { expect, it } from 'vitest';
import { gatherMoments } from './input-moments.js';

it.each([7, 11, 21])('sums the products of what a layer reads in opset %i, on onnxruntime', async (opset) => {
  const graph = parse(`graph main opset ${opset} {
    input %x: float32[2, 2]
    %r = Relu(%x)
    %y = MatMul(%r, %r)
    output %y
  }`);
  inferTypes(graph);
  const samples = [
    [1, 2, -3, 4],
    [0, 1, 2, -1],
  ].map((x) => ({ feeds: { x: float32(x, [2, 2]) } }));
  const [ofInput, ofRelu] = await gatherMoments(
    createModel(graph),
    [
      { name: 'x', rows: 2 },
      { name: 'r', rows: 2 },
    ],
    samples,
    {
      createSession: (model, { taps }) => createOnnxRuntimeSession(model, { taps }),
    },
  );
  // [1 2; -3 4] and [0 1; 2 -1].
  expect([...(ofInput?.gram ?? [])]).toEqual([1 + 9 + 4, 2 - 12 - 2, 2 - 12 - 2, 4 + 16 + 1 + 1]);
  // [1 2; 0 4] and [0 1; 2 0] after Relu.
  expect([...(ofRelu?.gram ?? [])]).toEqual([1 + 4, 2, 2, 4 + 16 + 1]);
});

it.each([
  { second: 2, shape: [2, 3] },
  { second: 4, shape: ['rows', 3] },
])('tells sessions the sizes that all samples have: 2 rows, then $second', async ({ second, shape }) => {
  const graph = parse(`graph main opset 17 {
    input %x: float32[rows, 3]
    %y = Relu(%x)
    output %y
  }`);
  inferTypes(graph);
  const samples = [2, second].map((rows) => ({
    feeds: { x: float32(new Float32Array(3 * rows).fill(1), [rows, 3]) },
  }));
  let seen: unknown;
  const [moments] = await gatherMoments(createModel(graph), [{ name: 'y', rows: 3 }], samples, {
    createSession: (model, { taps }) => {
      seen = model.graph.inputs[0]?.shape;
      return createOnnxRuntimeSession(model, { taps });
    },
  });
  expect(seen).toEqual(shape);
  expect([...(moments?.gram ?? [])]).toEqual(new Array(9).fill(2 + second));
});
