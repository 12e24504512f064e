import {
  AveragePool,
  BatchNormalization,
  BiasGelu,
  Conv,
  ConvTranspose,
  DynamicQuantizeMatMul,
  FusedConv,
  Gemm,
  GRU,
  InstanceNormalization,
  LayerNormalization,
  LogSoftmax,
  LRN,
  LSTM,
  MatMul,
  MatMulIntegerToFloat,
  MaxPool,
  RNN,
  SkipLayerNormalization,
  Softmax,
  Softmax1,
} from '@octavo/core/ir';
import { fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runEach, trial } from './both-runtimes.js';
import { integersIn, reals, scales, seed } from './random-tensors.js';

const RUNS = { numRuns: 25 };
const size = fc.integer({ min: 1, max: 7 });
const autoPad = fc.constantFrom(
  'NOTSET' as const,
  'SAME_UPPER' as const,
  'SAME_LOWER' as const,
  'VALID' as const,
);

/** Float32 results of sums of at most a few hundred terms of size 4 differ by less than this. */
const TOLERANCE = 2e-5;

async function expectClose(each: ReturnType<typeof trial>): Promise<void> {
  const { all, theirs } = await runEach(each);
  for (const ours of all) {
    expect(ours.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(
      theirs.map(({ dtype, shape }) => ({ dtype, shape })),
    );
    ours.forEach((tensor, i) => {
      expect(largestDistance(tensor, theirs[i])).toBeLessThan(TOLERANCE);
    });
  }
}

/** Largest `|a - b| / max(1, |b|)`. */
function largestDistance(a: Tensor, b: Tensor | undefined): number {
  if (!b) return Number.POSITIVE_INFINITY;
  const [left, right] = [toNumbers(a), toNumbers(b)];
  let largest = 0;
  for (let i = 0; i < left.length; i++) {
    const [x, y] = [left[i] ?? Number.NaN, right[i] ?? Number.NaN];
    const distance = x === y ? 0 : Math.abs(x - y) / Math.max(1, Math.abs(y));
    largest = Math.max(largest, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
  }
  return largest;
}

const windows = fc.record({
  rank: fc.constantFrom(1, 2, 3),
  kernel: fc.constantFrom(1, 2, 3),
  stride: fc.constantFrom(1, 2, 3),
  dilation: fc.constantFrom(1, 2),
  begin: fc.constantFrom(0, 1),
  end: fc.constantFrom(0, 1),
  auto_pad: autoPad,
  length: fc.integer({ min: 5, max: 8 }),
});

type WindowCase = typeof windows extends fc.Arbitrary<infer T> ? T : never;

/** The same choice along every axis; the last axis is longer, so that mixed up axes show. */
function attributesOf(w: WindowCase) {
  const all = (value: number) => new Array<number>(w.rank).fill(value);
  return {
    kernel_shape: all(w.kernel),
    strides: all(w.stride),
    dilations: w.auto_pad === 'NOTSET' ? all(w.dilation) : all(1),
    auto_pad: w.auto_pad,
    ...(w.auto_pad === 'NOTSET' ? { pads: [...all(w.begin), ...all(w.end)] } : {}),
  };
}

function spatial(w: WindowCase): number[] {
  return [...new Array<number>(w.rank - 1).fill(w.length), w.length + 2];
}

/**
 * Whether windows of `SAME_*` end before an axis does. ONNX pads nothing then; onnxruntime computes a negative padding,
 * which its MaxPool refuses and its AveragePool takes.
 */
function leavesAnEnd(w: WindowCase): boolean {
  if (!w.auto_pad.startsWith('SAME')) return false;
  const windowEnd = (length: number) => (Math.ceil(length / w.stride) - 1) * w.stride + w.kernel;
  return spatial(w).some((length) => windowEnd(length) < length);
}

describe('float ops of the reference backend agree with onnxruntime', () => {
  it('Conv of one to three spatial axes with every kind of padding', async () => {
    await fc.assert(
      fc.asyncProperty(windows, fc.constantFrom(1, 2), seed, (w, group, start) =>
        expectClose(
          trial(({ graph, input, constant }) => {
            const X = input(reals([2, 2 * group, ...spatial(w)], start));
            const W = constant(reals([4, 2, ...new Array<number>(w.rank).fill(w.kernel)], start + 1));
            const B = constant(reals([4], start + 2));
            return graph.emit(Conv, { X, W, B }, { ...attributesOf(w), group }).outputs;
          }),
        ),
      ),
      { numRuns: 60 },
    );
  });

  it('ConvTranspose with output padding and groups', async () => {
    await fc.assert(
      fc.asyncProperty(windows, fc.constantFrom(1, 2), seed, (w, group, start) => {
        fc.pre(w.auto_pad === 'NOTSET' && w.rank < 3);
        return expectClose(
          trial(({ graph, input, constant }) => {
            const X = input(reals([2, 2 * group, ...spatial(w)], start));
            const W = constant(reals([2 * group, 3, ...new Array<number>(w.rank).fill(w.kernel)], start + 1));
            const output_padding = new Array<number>(w.rank).fill(w.stride - 1);
            return graph.emit(ConvTranspose, { X, W }, { ...attributesOf(w), group, output_padding }).outputs;
          }),
        );
      }),
      RUNS,
    );
  });

  it('MaxPool with indices and AveragePool, ceil_mode and all paddings', async () => {
    await fc.assert(
      fc.asyncProperty(windows, fc.boolean(), fc.boolean(), seed, (w, ceil, countPadding, start) => {
        fc.pre(w.begin < w.kernel && w.end < w.kernel && !leavesAnEnd(w));
        return expectClose(
          trial(({ graph, input }) => {
            const X = input(reals([2, 3, ...spatial(w)], start));
            const attributes = { ...attributesOf(w), ceil_mode: ceil ? 1 : 0 };
            const count_include_pad = countPadding ? 1 : 0;
            return [
              ...graph.emit(MaxPool, { X }, attributes, { outputs: 2 }).outputs,
              ...graph.emit(AveragePool, { X }, { ...attributes, count_include_pad }).outputs,
            ];
          }),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('MatMul with broadcasting and Gemm with its transposes', async () => {
    const flag = fc.constantFrom(0, 1);
    await fc.assert(
      fc.asyncProperty(size, size, size, flag, flag, seed, (m, k, n, transA, transB, start) =>
        expectClose(
          trial(({ graph, input, constant }) => {
            const A = input(reals([3, 1, m, k], start));
            const product = graph.emit(MatMul, { A, B: input(reals([2, k, n], start + 1)) });
            const vector = graph.emit(MatMul, { A, B: input(reals([k], start + 2)) });
            const gemm = graph.emit(
              Gemm,
              {
                A: input(reals(transA ? [k, m] : [m, k], start + 3)),
                B: constant(reals(transB ? [n, k] : [k, n], start + 4)),
                C: constant(reals([m, 1], start + 5)),
              },
              { transA, transB, alpha: 0.5, beta: 2 },
            );
            return [product, vector, gemm].map((node) => node.output);
          }),
        ),
      ),
      RUNS,
    );
  });

  it('normalizations', async () => {
    await fc.assert(
      fc.asyncProperty(size, size, seed, (channels, length, start) =>
        expectClose(
          trial(({ graph, input, constant }) => {
            const X = input(reals([2, channels, length, 3], start));
            const [scale, B] = [
              constant(reals([channels], start + 1)),
              constant(reals([channels], start + 2)),
            ];
            const variance = scales(channels, start + 4);
            const batch = graph.emit(BatchNormalization, {
              X,
              scale,
              B,
              input_mean: constant(reals([channels], start + 3)),
              input_var: constant(variance),
            });
            const instance = graph.emit(InstanceNormalization, { input: X, scale, B }, { epsilon: 0.01 });
            const layer = graph.emit(
              LayerNormalization,
              {
                X,
                Scale: constant(reals([length, 3], start + 5)),
                B: constant(reals([length, 3], start + 6)),
              },
              { axis: 2, epsilon: 0.01 },
            );
            const lrn = graph.emit(LRN, { X }, { size: 3, alpha: 0.1 });
            const skip = graph.emit(
              SkipLayerNormalization,
              {
                input: input(reals([2, channels, 4], start)),
                skip: input(reals([2, channels, 4], start + 8)),
                gamma: constant(reals([4], start + 9)),
                beta: constant(reals([4], start + 10)),
              },
              { epsilon: 0.01 },
            );
            return [batch, instance, layer, lrn, skip].map((node) => node.output);
          }),
        ),
      ),
      RUNS,
    );
  });

  it('LSTM, GRU and RNN in every direction with sequence lengths, initial states and peepholes', async () => {
    const direction = fc.constantFrom('forward' as const, 'reverse' as const, 'bidirectional' as const);
    await fc.assert(
      fc.asyncProperty(
        direction,
        size,
        size,
        fc.constantFrom(0, 1),
        seed,
        (way, hidden, width, linear, start) =>
          expectClose(
            trial(({ graph, input, constant }) => {
              const d = way === 'bidirectional' ? 2 : 1;
              const X = input(reals([4, 3, width], start));
              const sequence_lens = constant(fromNumbers('int32', [3], [4, 1, 3]));
              const initial_h = input(reals([d, 3, hidden], start + 1));
              const weights = (gates: number) => ({
                X,
                W: constant(reals([d, gates * hidden, width], start + 2)),
                R: constant(reals([d, gates * hidden, hidden], start + 3)),
                B: constant(reals([d, 2 * gates * hidden], start + 4)),
                sequence_lens,
                initial_h,
              });
              const attributes = { hidden_size: hidden, direction: way };
              const lstm = graph.emit(
                LSTM,
                {
                  ...weights(4),
                  initial_c: input(reals([d, 3, hidden], start + 5)),
                  P: constant(reals([d, 3 * hidden], start + 6)),
                },
                attributes,
                { outputs: 3 },
              );
              const gru = graph.emit(
                GRU,
                weights(3),
                { ...attributes, linear_before_reset: linear },
                { outputs: 2 },
              );
              const rnn = graph.emit(RNN, weights(1), attributes, { outputs: 2 });
              return [...lstm.outputs, ...gru.outputs, ...rnn.outputs];
            }),
          ),
      ),
      RUNS,
    );
  });

  it('softmax of both semantics', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -3, max: 2 }),
        seed,
        fc.constantFrom(11, 13),
        async (axis, start, opset) => {
          await expectClose(
            trial(({ graph, input }) => {
              const x = input(reals([2, 3, 4], start));
              if (opset === 11) return graph.emit(Softmax1, { input: x }, { axis }).outputs;
              const soft = graph.emit(Softmax, { input: x }, { axis });
              return [...soft.outputs, ...graph.emit(LogSoftmax, { input: x }, { axis }).outputs];
            }, opset),
          );
        },
      ),
      RUNS,
    );
  });

  it("onnxruntime's fused and dynamically quantized ops", async () => {
    await fc.assert(
      fc.asyncProperty(size, size, size, seed, (m, k, n, start) =>
        expectClose(
          trial(({ graph, input, constant }) => {
            const A = input(reals([m, k], start));
            const weights = integersIn('int8', [k, n], start + 1, -64, 64);
            const bias = constant(reals([n], start + 2));
            const dynamic = graph.emit(DynamicQuantizeMatMul, {
              A,
              B: constant(weights),
              b_scale: constant(scales(n, start + 3)),
              b_zero_point: constant(fromNumbers('int8', [n], new Array<number>(n).fill(0))),
              bias,
            });
            const scaled = graph.emit(MatMulIntegerToFloat, {
              A: input(integersIn('uint8', [m, k], start, 0, 255)),
              B: constant(weights),
              a_scale: constant(scales(1, start, [])),
              b_scale: constant(scales(1, start + 1, [])),
              a_zero_point: constant(fromNumbers('uint8', [], [128])),
              bias,
            });
            const gelu = graph.emit(BiasGelu, { A, B: input(reals([k], start + 4)) });
            const fused = graph.emit(
              FusedConv,
              { X: input(reals([1, 2, 5, 5], start)), W: constant(reals([3, 2, 3, 3], start + 5)) },
              { activation: 'Relu', kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
            );
            return [dynamic, scaled, gelu, fused].map((node) => node.output);
          }),
        ),
      ),
      RUNS,
    );
  });
});
