import {
  Add,
  AveragePool,
  Concat,
  Conv,
  ConvTranspose,
  createModel,
  DequantizeLinear,
  Gemm,
  GlobalAveragePool,
  type Graph,
  LeakyRelu,
  MatMul,
  MaxPool,
  Mul,
  QuantizeLinear,
  Reshape,
  runPasses,
  Sigmoid,
  Softmax,
  Transpose,
  type Value,
} from '@octavo/core/ir';
import { fromNumbers, int64, type Tensor, toNumbers } from '@octavo/core/tensor';
import { encodeModel } from '@octavo/formats';
import { foldQdq } from '@octavo/passes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runNative, runOnnxruntime, runReference, type Trial, trial } from './both-runtimes.js';
import { integersIn, reals, scales, seed } from './random-tensors.js';

const RUNS = { numRuns: 30 };
const size = fc.integer({ min: 1, max: 8 });
const bytes = fc.constantFrom('int8' as const, 'uint8' as const);

/** Quantized and dequantized again, as a QDQ file has it. */
function throughIntegers(
  t: Trial,
  x: Value | undefined,
  dtype: 'int8' | 'uint8',
  start: number,
): Value | undefined {
  if (!x) return undefined;
  const scale = t.constant(scales(1, start, []));
  const zero = t.constant(fromNumbers(dtype, [], [dtype === 'int8' ? -3 : 120]));
  const q = t.graph.emit(QuantizeLinear, { x, y_scale: scale, y_zero_point: zero });
  if (!q.output) return undefined;
  return t.graph.emit(DequantizeLinear, { x: q.output, x_scale: scale, x_zero_point: zero }).output;
}

/** Per-channel int8 weights behind a DequantizeLinear; in [-64, 64] for onnxruntime without VNNI. */
function weights(t: Trial, shape: readonly number[], axis: number, start: number) {
  const channels = shape[axis] ?? 1;
  const own = scales(channels, start);
  const integers = integersIn('int8', shape, start, -64, 64);
  const x_scale = t.constant(own);
  const x_zero_point = t.constant(fromNumbers('int8', [channels], new Array<number>(channels).fill(0)));
  const node = t.graph.emit(DequantizeLinear, { x: t.constant(integers), x_scale, x_zero_point }, { axis });
  return { value: present(node.output), scales: own };
}

/** An int32 bias with the scales of the sums that it is added to. */
function bias(t: Trial, xStart: number, weightScales: Tensor<'float32'>, start: number): Value {
  const xScale = scales(1, xStart, []).data[0] ?? 1;
  const own = fromNumbers(
    'float32',
    weightScales.shape,
    weightScales.data.map((scale) => xScale * scale),
  );
  const x = t.constant(integersIn('int32', weightScales.shape, start, -3000, 3000));
  return present(t.graph.emit(DequantizeLinear, { x, x_scale: t.constant(own) }, { axis: 0 }).output);
}

function present(value: Value | undefined): Value {
  if (!value) throw new Error('the node has no output');
  return value;
}

type Case = ReturnType<typeof trial>;

async function runFolded({ graph, feeds }: Case): Promise<readonly Tensor[]> {
  await runPasses(graph, [foldQdq], { verify: true });
  return runReference(graph, feeds);
}

/** Nodes that compute on quantized values. */
function quantizedNodes(graph: Graph): number {
  return graph.nodes.filter((node) => node.output?.quantized && !QuantizeLinear.is(node)).length;
}

const plain = (tensors: readonly Tensor[]) =>
  tensors.map(({ dtype, shape, data }) => ({ dtype, shape, data }));

/** onnxruntime fuses the QDQ file into integer kernels; we fold it into quantized values. */
async function expectBitsOfOnnxruntime(each: Case): Promise<void> {
  const model = encodeModel(createModel(each.graph));
  const theirs = await runOnnxruntime(model, each.graph, each.feeds, { optimization: 'all' });
  const ours = await runFolded(each);
  expect(quantizedNodes(each.graph)).toBeGreaterThan(0);
  expect(plain(ours)).toEqual(plain(theirs));
  expect(plain((await runNative(each.graph, each.feeds)).native)).toEqual(plain(theirs));
}

/** Folding an op without integer arithmetic changes nothing: dequantize, compute, quantize. */
async function expectSameUnfolded(each: Case): Promise<void> {
  const unfolded = await runReference(each.graph, each.feeds);
  const folded = await runFolded(each);
  expect(quantizedNodes(each.graph)).toBeGreaterThan(0);
  expect(plain(folded)).toEqual(plain(unfolded));
  expect(plain((await runNative(each.graph, each.feeds)).native)).toEqual(plain(unfolded));
}

describe('products and sums of quantized values have the bits of onnxruntime', () => {
  it('Conv with per-channel weights and int32 bias', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytes,
        fc.constantFrom(1, 2),
        fc.constantFrom(1, 2),
        seed,
        (dtype, group, stride, start) =>
          expectBitsOfOnnxruntime(
            trial((t) => {
              const X = present(
                throughIntegers(t, t.input(reals([2, 2 * group, 6, 5], start)), dtype, start),
              );
              const W = weights(t, [4, 2, 3, 3], 0, start + 1);
              const B = bias(t, start, W.scales, start + 2);
              const attributes = {
                group,
                strides: [stride, stride],
                pads: [1, 1, 1, 1],
                kernel_shape: [3, 3],
              };
              const conv = t.graph.emit(Conv, { X, W: W.value, B }, attributes);
              return [throughIntegers(t, conv.output, dtype, start + 3)];
            }),
          ),
      ),
      RUNS,
    );
  });

  it('MatMul and Gemm with per-column weights', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, size, size, size, seed, (dtype, m, k, n, start) =>
        expectBitsOfOnnxruntime(
          trial((t) => {
            const A = present(throughIntegers(t, t.input(reals([m, k], start)), dtype, start));
            const product = t.graph.emit(MatMul, { A, B: weights(t, [k, n], 1, start + 1).value });
            const W = weights(t, [n, k], 0, start + 2);
            const C = bias(t, start, W.scales, start + 3);
            const gemm = t.graph.emit(Gemm, { A, B: W.value, C }, { transB: 1 });
            return [product, gemm].map((node) => throughIntegers(t, node.output, dtype, start + 4));
          }),
        ),
      ),
      RUNS,
    );
  });

  it('Add and Mul with broadcasting', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, size, size, seed, (dtype, m, n, start) =>
        expectBitsOfOnnxruntime(
          trial((t) => {
            const A = present(throughIntegers(t, t.input(reals([m, n], start)), dtype, start));
            const B = present(throughIntegers(t, t.input(reals([n], start + 1)), dtype, start + 1));
            const nodes = [t.graph.emit(Add, { A, B }), t.graph.emit(Mul, { A, B })];
            return nodes.map((node) => throughIntegers(t, node.output, dtype, start + 2));
          }),
        ),
      ),
      RUNS,
    );
  });
});

describe('other ops on quantized values dequantize, compute and quantize', () => {
  it('activations, pooling, data movement and softmax', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, seed, (dtype, start) =>
        expectSameUnfolded(
          trial((t) => {
            const X = present(throughIntegers(t, t.input(reals([1, 2, 4, 6], start)), dtype, start));
            const window = { kernel_shape: [2, 2], strides: [2, 2] };
            const moved = [
              t.graph.emit(MaxPool, { X }, window),
              t.graph.emit(Transpose, { data: X }, { perm: [0, 2, 3, 1] }),
              t.graph.emit(Reshape, { data: X, shape: t.constant(int64([2, -1])) }),
              t.graph.emit(Concat, { inputs: [X, X] }, { axis: 1 }),
            ];
            const computed = [
              t.graph.emit(AveragePool, { X }, window),
              t.graph.emit(GlobalAveragePool, { X }),
              t.graph.emit(Sigmoid, { X }),
              t.graph.emit(LeakyRelu, { X }),
              t.graph.emit(Softmax, { input: X }),
            ];
            return [
              ...moved.map((node) => throughIntegers(t, node.output, dtype, start)),
              ...computed.map((node) => throughIntegers(t, node.output, dtype, start + 1)),
            ];
          }),
        ),
      ),
      RUNS,
    );
  });

  it('ConvTranspose in integers gives what float arithmetic gives up to one step', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, seed, async (dtype, start) => {
        const each = trial((t) => {
          const X = present(throughIntegers(t, t.input(reals([1, 3, 4, 4], start)), dtype, start));
          const W = weights(t, [3, 2, 3, 3], 1, start + 1);
          const B = bias(t, start, W.scales, start + 2);
          const node = t.graph.emit(ConvTranspose, { X, W: W.value, B }, { strides: [2, 2] });
          return [throughIntegers(t, node.output, dtype, start + 3)];
        });
        const [unfolded] = await runReference(each.graph, each.feeds);
        const [folded] = await runFolded(each);
        expect(quantizedNodes(each.graph)).toBe(1);
        const step = scales(1, start + 3, []).data[0] ?? 0;
        if (!folded || !unfolded) throw new Error('no output');
        const [a, b] = [Array.from(toNumbers(folded)), toNumbers(unfolded)];
        const distances = a.map((y, i) => Math.abs(y - (b[i] ?? Number.NaN)));
        expect(distances.length).toBe(2 * 9 * 9);
        expect(Math.max(...distances)).toBeLessThanOrEqual(step * 1.001);
        expect(plain((await runNative(each.graph, each.feeds)).native)).toEqual(plain([folded]));
      }),
      RUNS,
    );
  });
});
