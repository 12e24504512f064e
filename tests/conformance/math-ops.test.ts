import {
  Abs,
  Add,
  ArgMax,
  ArgMin,
  BitwiseAnd,
  BitwiseXor,
  Cast,
  Div,
  Equal,
  Erf,
  Greater,
  LessOrEqual,
  Max,
  Mean,
  Min,
  Mod,
  Mul,
  Neg,
  Not,
  Pow,
  ReduceL1,
  ReduceL2,
  ReduceLogSumExp,
  ReduceMax,
  ReduceMean,
  ReduceMin,
  ReduceProd,
  ReduceSum,
  ReduceSumSquare,
  Resize,
  Round,
  Sign,
  Sub,
  Tanh,
} from '@octavo/core/ir';
import {
  DTYPES,
  type DType,
  float32,
  fromNumbers,
  int64,
  type Shape,
  type Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runEach, trial } from './both-runtimes.js';
import { integersIn, reals, seed } from './random-tensors.js';

const RUNS = { numRuns: 30 };

/** Two shapes that broadcast. */
const pairs = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean(), fc.boolean()), { maxLength: 4 })
  .chain((axes) =>
    fc
      .nat(axes.length)
      .map((cut): [Shape, Shape] => [
        axes.map(([size, keep]) => (keep ? size : 1)),
        axes.map(([size, , keep]) => (keep ? size : 1)).slice(cut),
      ]),
  );

/** Integers, also as floats, so that results are exact in every dtype. */
function whole(dtype: DType, shape: Shape, start: number, min = -9, max = 9): Tensor {
  return fromNumbers(dtype, shape, toNumbers(integersIn('int32', shape, start, min, max)));
}

/** Dtypes and shapes equal, elements within `tolerance` relative to max(1, |expected|). */
async function expectClose(each: ReturnType<typeof trial>, tolerance = 0): Promise<void> {
  const { all, theirs } = await runEach(each);
  for (const ours of all)
    ours.forEach((tensor, i) => {
      const other = theirs[i];
      expect([tensor.dtype, tensor.shape]).toEqual([other?.dtype, other?.shape]);
      const expected = other ? toNumbers(other) : [];
      const wrong = Array.from(toNumbers(tensor)).findIndex((x, j) => {
        const y = expected[j] ?? Number.NaN;
        if (Object.is(x, y) || x === y) return false;
        return !(Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y)));
      });
      expect(wrong).toBe(-1);
    });
}

describe('arithmetic agrees with onnxruntime', () => {
  it.each(['float32', 'float64', 'int32', 'int64'] as const)('on broadcast %s', async (dtype) => {
    await fc.assert(
      fc.asyncProperty(pairs, seed, ([left, right], start) =>
        expectClose(
          trial(({ graph, input }) => {
            const [A, B] = [input(whole(dtype, left, start)), input(whole(dtype, right, start + 1, 1, 9))];
            const ops = [Add, Sub, Mul, Div, Equal, Greater, LessOrEqual, Mod];
            const emitted = ops.map((op) =>
              op === Mod
                ? graph.emit(Mod, { A, B }, { fmod: Number(dtype.startsWith('float')) }).output
                : graph.emit(op, { A, B }).output,
            );
            const X = graph.emit(Greater, { A, B }).output;
            const extremes = [Min, Max].map((op) => graph.emit(op, { inputs: [A, B, A] }).output);
            return [...emitted, ...extremes, X && graph.emit(Not, { X }).output];
          }),
        ),
      ),
      RUNS,
    );
  });

  it.each(['int32', 'int64'] as const)('on signs and bits of %s', async (dtype) => {
    await fc.assert(
      fc.asyncProperty(pairs, seed, ([left, right], start) =>
        expectClose(
          trial(({ graph, input }) => {
            const [A, B] = [input(whole(dtype, left, start)), input(whole(dtype, right, start + 1, 1, 9))];
            return [
              graph.emit(BitwiseAnd, { A, B }).output,
              graph.emit(BitwiseXor, { A, B }).output,
              graph.emit(Mod, { A, B }).output,
              graph.emit(Pow, { A, B }).output,
              ...[Abs, Neg, Sign].map((op) => graph.emit(op, { X: A }).output),
            ];
          }),
        ),
      ),
      RUNS,
    );
  });

  it('on float functions', async () => {
    await fc.assert(
      fc.asyncProperty(seed, (start) =>
        expectClose(
          trial(({ graph, input }) => {
            const X = input(reals([3, 5], start));
            const exact = [Abs, Neg, Sign, Round].map((op) => graph.emit(op, { X }).output);
            const mean = graph.emit(Mean, { inputs: [X, input(reals([5], start + 1))] }).output;
            return [...exact, mean, graph.emit(Erf, { X }).output, graph.emit(Tanh, { input: X }).output];
          }),
          1e-6,
        ),
      ),
      RUNS,
    );
  });
});

describe('reductions agree with onnxruntime', () => {
  const reduced = fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
    .chain((shape) => fc.tuple(fc.constant(shape), fc.subarray([...shape.keys()])));

  it('over any axes, kept or not', async () => {
    const ops = [
      ReduceSum,
      ReduceMean,
      ReduceMax,
      ReduceMin,
      ReduceProd,
      ReduceL1,
      ReduceL2,
      ReduceLogSumExp,
      ReduceSumSquare,
    ];
    await fc.assert(
      fc.asyncProperty(reduced, fc.nat(1), fc.nat(1), seed, ([shape, axes], keepdims, noop, start) =>
        expectClose(
          trial(({ graph, input, constant }) => {
            const data = input(reals(shape, start));
            const named = constant(int64(axes.map((axis) => axis - shape.length)));
            return ops.map(
              (op) => graph.emit(op, { data, axes: named }, { keepdims, noop_with_empty_axes: noop }).output,
            );
          }),
          1e-5,
        ),
      ),
      RUNS,
    );
  });

  it.each(['int32', 'int64'] as const)('on %s, and where the extreme lies', async (dtype) => {
    await fc.assert(
      fc.asyncProperty(reduced, fc.nat(1), seed, ([shape, axes], last, start) =>
        expectClose(
          trial(({ graph, input, constant }) => {
            const data = input(whole(dtype, shape, start, -3, 3));
            const named = constant(int64(axes.length > 0 ? axes : [0]));
            return [
              ...[ReduceSum, ReduceMax, ReduceMin].map((op) => graph.emit(op, { data, axes: named }).output),
              ...(dtype === 'int32' ? [ArgMax, ArgMin] : [ArgMax]).map(
                (op) => graph.emit(op, { data }, { axis: -1, select_last_index: last, keepdims: 0 }).output,
              ),
            ];
          }),
        ),
      ),
      RUNS,
    );
  });
});

describe('casts agree with onnxruntime', () => {
  const dtypes = [
    'float32',
    'float64',
    'float16',
    'bool',
    'int8',
    'uint8',
    'int16',
    'uint16',
    'int32',
    'uint32',
    'int64',
    'uint64',
  ] as const;

  it.each(dtypes)('from %s to every other dtype', async (from) => {
    const unsigned = from.startsWith('u') || from === 'bool';
    await expectClose(
      trial(({ graph, input }) => {
        const values = from.startsWith('float')
          ? [0, 1.5, 2.75, 99, 0.25]
          : [0, 1, 77, 100, unsigned ? 3 : -3];
        const data = input(fromNumbers(from, [5], values));
        return dtypes.map((to) => graph.emit(Cast, { input: data }, { to: DTYPES[to].onnx }).output);
      }),
    );
  });
});

describe('Resize agrees with onnxruntime', () => {
  const coordinates = fc.constantFrom(
    'half_pixel' as const,
    'pytorch_half_pixel' as const,
    'align_corners' as const,
    'asymmetric' as const,
  );
  const cases = fc.record({
    mode: fc.constantFrom('nearest' as const, 'linear' as const, 'cubic' as const),
    coordinate_transformation_mode: coordinates,
    nearest_mode: fc.constantFrom(
      'round_prefer_floor' as const,
      'round_prefer_ceil' as const,
      'floor' as const,
    ),
    height: fc.integer({ min: 1, max: 9 }),
    width: fc.integer({ min: 1, max: 9 }),
  });

  it('to given sizes', async () => {
    await fc.assert(
      fc.asyncProperty(cases, seed, ({ height, width, ...attributes }, start) =>
        expectClose(
          trial(({ graph, input, constant }) => {
            const X = input(reals([1, 2, 4, 5], start));
            return graph.emit(Resize, { X, sizes: constant(int64([1, 2, height, width])) }, attributes)
              .outputs;
          }, 19),
          2e-5,
        ),
      ),
      { numRuns: 100 },
    );
  });

  it('by whole factors', async () => {
    await fc.assert(
      fc.asyncProperty(cases, seed, ({ height, width, ...attributes }, start) =>
        expectClose(
          trial(({ graph, input, constant }) => {
            const X = input(reals([1, 2, 4, 5], start));
            const scales = constant(float32([1, 1, Math.ceil(height / 3), Math.ceil(width / 3)]));
            return graph.emit(Resize, { X, scales }, attributes).outputs;
          }, 13),
          2e-5,
        ),
      ),
      RUNS,
    );
  });
});
