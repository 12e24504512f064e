import { createModel, DequantizeLinear, Gemm, Graph, inferTypes, MatMul, tensorType } from '@octavo/core/ir';
import {
  elementCount,
  float32,
  fromNumbers,
  StoredTensor,
  type Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { encodeModel } from '@octavo/formats';
import { createSession } from '@octavo/runtime';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../packages/cpu/tests/addon.js';
import { runOnnxruntime } from '../conformance/both-runtimes.js';
import { integersIn, reals, scales, seed } from '../conformance/random-tensors.js';

const layout = fc.record({
  dtype: fc.constantFrom('int4', 'uint4', 'int8', 'uint8'),
  blockSize: fc.constantFrom(16, 32),
  rows: fc.integer({ min: 1, max: 5 }),
  inner: fc.integer({ min: 1, max: 100 }),
  outputs: fc.integer({ min: 1, max: 9 }),
  /** Weights `[N, K]`, as Gemm with transB takes them. */
  rowsAreOutputs: fc.boolean(),
  zeroPoints: fc.boolean(),
});

type Layout = typeof layout extends fc.Arbitrary<infer T> ? T : never;

function integers({ dtype }: Layout, shape: readonly number[], start: number): Tensor {
  const bits = dtype.endsWith('4') ? 4 : 8;
  const low = dtype.startsWith('u') ? 0 : -(2 ** (bits - 1));
  const values = integersIn('int32', shape, start, low, low + 2 ** bits - 1);
  return fromNumbers(dtype, shape, values.data);
}

/** A product with weights in blocks, as opset 21 writes it. */
function productOf(each: Layout, start: number): Graph {
  const { rows, inner, outputs, blockSize, rowsAreOutputs } = each;
  const graph = new Graph(new Map([['', 21]]));
  const x = graph.addInput('x', tensorType('float32', [rows, inner]));
  const matrix = (n: number, k: number) => (rowsAreOutputs ? [n, k] : [k, n]);
  const groups = matrix(outputs, Math.ceil(inner / blockSize));
  const constant = (name: string, tensor: Tensor) => graph.addInitializer(name, StoredTensor.of(tensor));
  const weights = graph.emit(
    DequantizeLinear,
    {
      x: constant('q', integers(each, matrix(outputs, inner), start)),
      x_scale: constant('s', float32(scales(elementCount(groups), start).data, groups)),
      x_zero_point: each.zeroPoints ? constant('z', integers(each, groups, start + 1)) : undefined,
    },
    { axis: rowsAreOutputs ? 1 : 0, block_size: blockSize },
  ).output;
  if (!weights) throw new Error('DequantizeLinear has an output');
  const product = rowsAreOutputs
    ? graph.emit(Gemm, { A: x, B: weights, C: constant('b', reals([outputs], start + 2)) }, { transB: 1 })
    : graph.emit(MatMul, { A: x, B: weights });
  graph.outputs = product.outputs.filter((value) => value !== undefined);
  inferTypes(graph);
  return graph;
}

describeWithAddon('weights in blocks', () => {
  const backend = cpu();

  it('are multiplied as they are, with the results of onnxruntime', async () => {
    await fc.assert(
      fc.asyncProperty(layout, seed, async (each, start) => {
        const graph = productOf(each, start);
        const x = reals([each.rows, each.inner], start + 3);
        const [expected] = await runOnnxruntime(encodeModel(createModel(graph)), graph, [x]);
        using session = await createSession(createModel(graph), { backends: [backend] });
        const { [graph.outputs[0]?.name ?? '']: found } = await session.run({ x });
        const [a, b] = [found, expected].map((tensor) => Array.from(tensor ? toNumbers(tensor) : []));
        const distance = Math.hypot(...(a ?? []).map((value, i) => value - (b?.[i] ?? Number.NaN)));
        expect(distance).toBeLessThanOrEqual(1e-5 * Math.hypot(...(b ?? [])));
        expect(session.explain().nodes.map(({ kernel }) => kernel)).toEqual(['block_matmul exact']);
      }),
      { numRuns: 40 },
    );
  });
});
