import {
  Cast,
  ConvInteger,
  DynamicQuantizeLinear,
  DynamicQuantizeMatMul,
  MatMulInteger,
  MicrosoftQLinearConv,
  Mul,
  QGemm,
  QLinearAdd,
  QLinearConv,
  QLinearMatMul,
  QLinearMul,
} from '@octavo/core/ir';
import { float32, fromNumbers, type Tensor } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runBoth, runNative, trial } from './both-runtimes.js';
import { integersIn, scales, seed } from './random-tensors.js';

const bytes = fc.constantFrom('int8' as const, 'uint8' as const);
/** Activations and weights; onnxruntime has no product of int8 with uint8 weights. */
const signs = fc.constantFrom(
  ['uint8', 'uint8'] as const,
  ['uint8', 'int8'] as const,
  ['int8', 'int8'] as const,
);
const size = fc.integer({ min: 1, max: 9 });
const RUNS = { numRuns: 25 };

/** Weights stay in [-64, 64]: onnxruntime saturates larger products on x64 processors without VNNI. */
function weights(dtype: 'int8' | 'uint8', shape: readonly number[], start: number): Tensor {
  return dtype === 'int8'
    ? integersIn('int8', shape, start, -64, 64)
    : integersIn('uint8', shape, start, 0, 64);
}

function activations(dtype: 'int8' | 'uint8', shape: readonly number[], start: number): Tensor {
  return dtype === 'int8'
    ? integersIn('int8', shape, start, -128, 127)
    : integersIn('uint8', shape, start, 0, 255);
}

const zero = (dtype: 'int8' | 'uint8', value: number) => fromNumbers(dtype, [], [value]);

async function expectSameIntegers(each: ReturnType<typeof trial>): Promise<void> {
  const { ours, theirs } = await runBoth(each);
  expect(ours.map(contentOf)).toEqual(theirs.map(contentOf));
  const { native, elsewhere } = await runNative(each.graph, each.feeds);
  expect(elsewhere).toEqual([]);
  expect(native.map(contentOf)).toEqual(theirs.map(contentOf));
}

function contentOf({ dtype, shape, data }: Tensor) {
  return { dtype, shape, data };
}

describe('integer ops of the reference and the CPU backend have the bits of onnxruntime', () => {
  it('QLinearMatMul, per tensor and per column', async () => {
    await fc.assert(
      fc.asyncProperty(signs, size, size, size, fc.boolean(), seed, ([a, b], m, k, n, perColumn, start) =>
        expectSameIntegers(
          trial(({ graph, input, constant }) => {
            const columns = perColumn ? n : 1;
            const node = graph.emit(QLinearMatMul, {
              a: input(activations(a, [2, m, k], start)),
              a_scale: constant(scales(1, start, [])),
              a_zero_point: constant(zero(a, 3)),
              b: constant(weights(b, [k, n], start + 1)),
              b_scale: constant(scales(columns, start + 1)),
              b_zero_point: constant(
                fromNumbers(b, [columns], new Array<number>(columns).fill(b === 'int8' ? 0 : 32)),
              ),
              y_scale: constant(scales(1, start + 2, [])),
              y_zero_point: constant(zero(a, 5)),
            });
            return node.outputs;
          }),
        ),
      ),
      RUNS,
    );
  });

  it('QLinearMatMul of two inputs, each with a batch', async () => {
    await fc.assert(
      fc.asyncProperty(
        signs,
        size,
        size,
        size,
        fc.constantFrom([2, 3], [3], [1, 3]),
        seed,
        ([a, b], m, k, n, batch, start) =>
          expectSameIntegers(
            trial(({ graph, input, constant }) => {
              const node = graph.emit(QLinearMatMul, {
                a: input(activations(a, [2, 3, m, k], start)),
                a_scale: constant(scales(1, start, [])),
                a_zero_point: constant(zero(a, 3)),
                b: input(weights(b, [...batch, k, n], start + 1)),
                b_scale: constant(scales(1, start + 1, [])),
                b_zero_point: constant(zero(b, b === 'int8' ? 0 : 32)),
                y_scale: constant(scales(1, start + 2, [])),
                y_zero_point: constant(zero(a, 5)),
              });
              return node.outputs;
            }),
          ),
      ),
      RUNS,
    );
  });

  it('QLinearConv with strides, dilations, pads, groups and per-channel weights', async () => {
    const shape = fc.record({
      group: fc.constantFrom(1, 2),
      stride: fc.constantFrom(1, 2),
      dilation: fc.constantFrom(1, 2),
      kernel: fc.constantFrom(1, 2, 3),
      pad: fc.constantFrom(0, 1),
      height: fc.integer({ min: 5, max: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(bytes, shape, fc.boolean(), seed, (dtype, s, perChannel, start) =>
        expectSameIntegers(
          trial(({ graph, input, constant }) => {
            const channels = perChannel ? 4 : 1;
            const node = graph.emit(
              QLinearConv,
              {
                x: input(activations(dtype, [2, 2 * s.group, s.height, 6], start)),
                x_scale: constant(scales(1, start, [])),
                x_zero_point: constant(zero(dtype, 9)),
                w: constant(weights('int8', [4, 2, s.kernel, s.kernel], start + 1)),
                w_scale: constant(scales(channels, start + 1)),
                w_zero_point: constant(fromNumbers('int8', [channels], new Array<number>(channels).fill(0))),
                y_scale: constant(scales(1, start + 2, [])),
                y_zero_point: constant(zero(dtype, 2)),
                B: constant(integersIn('int32', [4], start + 3, -2000, 2000)),
              },
              {
                group: s.group,
                strides: [s.stride, s.stride],
                dilations: [s.dilation, s.dilation],
                pads: [s.pad, s.pad, s.pad, s.pad],
              },
            );
            return node.outputs;
          }),
        ),
      ),
      RUNS,
    );
  });

  it('QLinearConv of com.microsoft, channels last or first', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytes,
        size,
        fc.constantFrom(1, 3),
        fc.boolean(),
        seed,
        (dtype, m, group, last, start) =>
          expectSameIntegers(
            trial(({ graph, input, constant }) => {
              const shape = last ? [2, 6, 5, 2 * group] : [2, 2 * group, 6, 5];
              return graph.emit(
                MicrosoftQLinearConv,
                {
                  x: input(activations(dtype, shape, start)),
                  x_scale: constant(scales(1, start, [])),
                  x_zero_point: constant(zero(dtype, 9)),
                  w: constant(weights('int8', [m * group, 2, 3, 2], start + 1)),
                  w_scale: constant(scales(m * group, start + 1)),
                  w_zero_point: constant(fromNumbers('int8', [m * group], new Int8Array(m * group))),
                  y_scale: constant(scales(1, start + 2, [])),
                  y_zero_point: constant(zero(dtype, 2)),
                  B: constant(integersIn('int32', [m * group], start + 3, -2000, 2000)),
                },
                { group, pads: [1, 0, 1, 1], strides: [2, 1], channels_last: last ? 1 : 0 },
              ).outputs;
            }),
          ),
      ),
      RUNS,
    );
  });

  it('ConvInteger and MatMulInteger with zero points on both sides', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, size, size, size, seed, (b, m, k, n, start) =>
        expectSameIntegers(
          trial(({ graph, input, constant }) => {
            const product = graph.emit(MatMulInteger, {
              A: input(activations('uint8', [m, k], start)),
              B: constant(weights(b, [k, n], start + 1)),
              a_zero_point: constant(zero('uint8', 100)),
              b_zero_point: constant(fromNumbers(b, [n], new Array<number>(n).fill(11))),
            });
            const convolution = graph.emit(
              ConvInteger,
              {
                x: input(activations('uint8', [1, 2, 5, 4], start)),
                w: constant(weights('uint8', [3, 2, 2, 3], start + 1)),
                x_zero_point: constant(zero('uint8', 77)),
                w_zero_point: constant(zero('uint8', 13)),
              },
              { pads: [1, 0, 1, 1] },
            );
            return [...product.outputs, ...convolution.outputs];
          }),
        ),
      ),
      RUNS,
    );
  });

  it('QGemm, quantized and float, transposed or not', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, size, size, size, fc.boolean(), seed, (a, m, k, n, transB, start) =>
        expectSameIntegers(
          trial(({ graph, input, constant }) => {
            const operands = {
              A: input(activations(a, [m, k], start)),
              a_scale: constant(scales(1, start, [])),
              a_zero_point: constant(zero(a, 7)),
              B: constant(weights('int8', transB ? [n, k] : [k, n], start + 1)),
              b_scale: constant(scales(n, start + 1)),
              b_zero_point: constant(fromNumbers('int8', [n], new Array<number>(n).fill(0))),
              C: constant(integersIn('int32', [n], start + 3, -2000, 2000)),
            };
            const result = {
              y_scale: constant(scales(1, start + 2, [])),
              y_zero_point: constant(zero(a, 4)),
            };
            const attributes = { transB: transB ? 1 : 0 };
            return [
              ...graph.emit(QGemm, { ...operands, ...result }, attributes).outputs,
              ...graph.emit(QGemm, operands, attributes).outputs,
            ];
          }),
        ),
      ),
      RUNS,
    );
  });

  it('QLinearAdd and QLinearMul with broadcasting', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, size, size, seed, (dtype, m, n, start) =>
        expectSameIntegers(
          trial(({ graph, input, constant }) => {
            const operands = {
              A: input(activations(dtype, [m, n], start)),
              A_scale: constant(scales(1, start, [])),
              A_zero_point: constant(zero(dtype, 3)),
              B: input(activations(dtype, [n], start + 1)),
              B_scale: constant(scales(1, start + 1, [])),
              B_zero_point: constant(zero(dtype, 100)),
              C_scale: constant(scales(1, start + 2, [])),
              C_zero_point: constant(zero(dtype, 40)),
            };
            return [...graph.emit(QLinearAdd, operands).outputs, ...graph.emit(QLinearMul, operands).outputs];
          }),
        ),
      ),
      RUNS,
    );
  });
});

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a node has too few outputs');
  return value;
}

describe('a range of inputs that no float32 holds', () => {
  it('gives an infinite scale and NaN sums, as in onnxruntime', async () => {
    const { ours, theirs } = await runBoth(
      trial(({ graph, input, constant }) => {
        const x = input(float32([3e38, -3e38, 1, 2], [2, 2]));
        const w = constant(integersIn('int8', [2, 3], 1, -64, 64));
        const { outputs } = graph.emit(DynamicQuantizeLinear, { x }, {}, { outputs: 3 });
        const [q, scale, zero] = [present(outputs[0]), present(outputs[1]), present(outputs[2])];
        const sums = graph.emit(MatMulInteger, { A: q, B: w, a_zero_point: zero });
        const real = graph.emit(Cast, { input: present(sums.output) }, { to: 1 });
        const scaled = graph.emit(Mul, { A: present(real.output), B: scale });
        const whole = graph.emit(DynamicQuantizeMatMul, { A: x, B: w, b_scale: constant(scales(1, 2)) });
        return [q, scale, zero, scaled.output, whole.output];
      }),
    );
    expect(ours.map(({ data }) => data)).toEqual(theirs.map(({ data }) => data));
    expect(ours[3]?.data).toEqual(new Float32Array(6).fill(Number.NaN));
  });
});
