import {
  Concat,
  CumSum,
  DepthToSpace,
  Einsum,
  Expand,
  Gather,
  GatherElements,
  GatherND,
  OneHot,
  Pad,
  ReverseSequence,
  ScatterElements,
  ScatterND,
  Slice,
  SpaceToDepth,
  Split,
  Tile,
  TopK,
  Transpose,
  Trilu,
  Unique,
  Where,
} from '@octavo/core/ir';
import { float32, fromNumbers, int64, type Shape, type Tensor, toNumbers } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runEach, trial } from './both-runtimes.js';
import { integersIn, reals, seed } from './random-tensors.js';

const RUNS = { numRuns: 30 };
const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
const axisOf = (shape: Shape) => fc.integer({ min: -shape.length, max: shape.length - 1 });
const withAxis = shapes.chain((shape) => fc.tuple(fc.constant(shape), axisOf(shape)));

/**
 * Dtype, shape and elements of the outputs must be equal, and inferred shapes must hold; where `isNative`, nothing of the
 * session may run elsewhere.
 */
async function expectEqual(each: ReturnType<typeof trial>, distance = 0, isNative = false): Promise<void> {
  const { all, theirs, elsewhere } = await runEach(each);
  if (isNative) expect(elsewhere).toEqual([]);
  for (const ours of all)
    ours.forEach((tensor, i) => {
      const other = theirs[i];
      expect([tensor.dtype, tensor.shape]).toEqual([other?.dtype, other?.shape]);
      each.graph.outputs[i]?.shape?.forEach((dim, axis) => {
        if (dim !== null) expect(dim).toBe(tensor.shape[axis]);
      });
      expect(farthest(tensor, other)).toBeLessThanOrEqual(distance);
    });
}

function farthest(a: Tensor, b: Tensor | undefined): number {
  const [left, right] = [toNumbers(a), b ? toNumbers(b) : []];
  let most = 0;
  for (let i = 0; i < left.length; i++) {
    const [x, y] = [left[i] ?? Number.NaN, right[i] ?? Number.NaN];
    if (!Object.is(x, y)) most = Math.max(most, Math.abs(x - y));
  }
  return most;
}

/** Valid indices from both ends of an axis. */
function indices(shape: Shape, size: number, start: number): Tensor {
  const values = integersIn('int32', shape, start, -size, size - 1);
  return int64(Array.from(toNumbers(values)), shape);
}

describe('ops that move elements agree with onnxruntime', () => {
  it('Slice with bounds on both sides of the axis and steps of both signs', async () => {
    const bound = fc.integer({ min: -7, max: 7 });
    const step = fc.constantFrom(1, 2, 3, -1, -2, -3);
    await fc.assert(
      fc.asyncProperty(withAxis, bound, bound, step, seed, ([shape, axis], from, to, by, start) =>
        expectEqual(
          trial(({ graph, input, constant }) => {
            const [starts, ends, axes, steps] = [from, to, axis, by].map((value) => constant(int64([value])));
            const data = input(reals(shape, start));
            if (!starts || !ends) return [];
            return graph.emit(Slice, { data, starts, ends, axes, steps }).outputs;
          }),
        ),
      ),
      RUNS,
    );
  });

  it('Pad in every mode, with negative pads too', async () => {
    const mode = fc.constantFrom('constant' as const, 'reflect' as const, 'edge' as const, 'wrap' as const);
    const pads = fc.tuple(fc.integer({ min: -1, max: 2 }), fc.integer({ min: 0, max: 2 }));
    await fc.assert(
      fc.asyncProperty(mode, pads, pads, seed, (mode, [a, b], [c, d], start) => {
        fc.pre(mode === 'constant' || (a >= 0 && c >= 0));
        return expectEqual(
          trial(({ graph, input, constant }) => {
            const data = input(reals([3, 4], start));
            const constant_value = mode === 'constant' ? constant(float32([0.5], [])) : undefined;
            return graph.emit(Pad, { data, pads: constant(int64([a, c, b, d])), constant_value }, { mode })
              .outputs;
          }),
        );
      }),
      RUNS,
    );
  });

  it('Transpose, Expand, Tile, Trilu', async () => {
    const permuted = shapes.chain((shape) =>
      fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
    );
    await fc.assert(
      fc.asyncProperty(permuted, seed, ([shape, perm], start) =>
        expectEqual(
          trial(({ graph, input, constant }) => {
            const data = input(reals(shape, start));
            const repeats = constant(int64(shape.map((_, i) => (i % 2) + 1)));
            const target = constant(int64([2, ...shape]));
            const square = input(reals([...shape, 3], start + 1));
            return [
              graph.emit(Transpose, { data }, { perm }).output,
              graph.emit(Tile, { input: data, repeats }).output,
              graph.emit(Expand, { input: data, shape: target }).output,
              graph.emit(
                Trilu,
                { input: square, k: constant(int64([(start % 5) - 2], [])) },
                { upper: start % 2 },
              ).output,
            ];
          }),
        ),
      ),
      RUNS,
    );
  });

  it('Concat and Split undo each other', async () => {
    await fc.assert(
      fc.asyncProperty(withAxis, seed, ([shape, axis], start) =>
        expectEqual(
          trial(({ graph, input, constant }) => {
            const at = axis < 0 ? axis + shape.length : axis;
            const [a, b] = [input(reals(shape, start)), input(reals(shape.with(at, 2), start + 1))];
            const joined = graph.emit(Concat, { inputs: [a, b] }, { axis }).output;
            if (!joined) return [];
            const split = constant(int64([2, shape[at] ?? 0]));
            return graph.emit(Split, { input: joined, split }, { axis }, { outputs: 2 }).outputs;
          }),
        ),
      ),
      RUNS,
    );
  });

  it('Gather and GatherElements on every axis, with negative indices', async () => {
    await fc.assert(
      fc.asyncProperty(withAxis, seed, ([shape, axis], start) => {
        const size = shape.at(axis) ?? 1;
        return expectEqual(
          trial(({ graph, input }) => {
            const data = input(reals(shape, start));
            const some = input(indices([2, 3], size, start + 1));
            const every = input(indices(shape, size, start + 2));
            return [
              graph.emit(Gather, { data, indices: some }, { axis }).output,
              graph.emit(GatherElements, { data, indices: every }, { axis }).output,
            ];
          }),
        );
      }),
      RUNS,
    );
  });

  it('GatherND with batch axes, and ScatterND', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 1), fc.constantFrom(1, 2), seed, (batch, depth, start) =>
        expectEqual(
          trial(({ graph, input }) => {
            const data = input(reals([2, 2, 2, 3], start));
            const places = input(indices([2, 4, depth], 2, start + 1));
            const slice = [2, 2, 2, 3].slice(depth);
            const updates = input(reals([2, 4, ...slice], start + 2));
            return [
              graph.emit(GatherND, { data, indices: places }, { batch_dims: batch }).output,
              graph.emit(ScatterND, { data, indices: places, updates }, { reduction: 'max' }).output,
            ];
          }),
        ),
      ),
      RUNS,
    );
  });

  it('ScatterElements with every reduction', async () => {
    const reduction = fc.constantFrom('add' as const, 'mul' as const, 'max' as const, 'min' as const);
    await fc.assert(
      fc.asyncProperty(withAxis, reduction, seed, ([shape, axis], reduction, start) =>
        expectEqual(
          trial(({ graph, input }) => {
            const data = input(reals(shape, start));
            const places = input(indices(shape, shape.at(axis) ?? 1, start + 1));
            const updates = input(reals(shape, start + 2));
            return graph.emit(ScatterElements, { data, indices: places, updates }, { axis, reduction })
              .outputs;
          }),
          1e-5,
        ),
      ),
      RUNS,
    );
  });

  it('DepthToSpace in both orders and SpaceToDepth', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('DCR' as const, 'CRD' as const),
        fc.constantFrom(1, 2, 3),
        seed,
        (mode, b, start) =>
          expectEqual(
            trial(({ graph, input }) => {
              const deep = input(reals([2, 2 * b * b, 2, 3], start));
              const wide = input(reals([2, 2, 2 * b, 3 * b], start));
              return [
                graph.emit(DepthToSpace, { input: deep }, { blocksize: b, mode }).output,
                graph.emit(SpaceToDepth, { input: wide }, { blocksize: b }).output,
              ];
            }),
          ),
      ),
      RUNS,
    );
  });

  it('Where, OneHot and ReverseSequence', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -2, max: 1 }), seed, (axis, start) =>
        expectEqual(
          trial(({ graph, input, constant }) => {
            const condition = input(fromNumbers('bool', [2, 1], [start & 1, start & 2]));
            const [X, Y] = [input(reals([4], start)), input(reals([3, 1, 1], start + 1))];
            const hot = input(indices([3], 5, start + 2));
            const lengths = input(int64([1 + (start % 3), 2]));
            return [
              graph.emit(Where, { condition, X, Y }).output,
              graph.emit(
                OneHot,
                { indices: hot, depth: constant(int64([4], [])), values: constant(float32([-1, 2])) },
                { axis },
              ).output,
              graph.emit(ReverseSequence, { input: input(reals([3, 2, 2], start)), sequence_lens: lengths })
                .output,
            ];
          }),
        ),
      ),
      RUNS,
    );
  });
});

describe('ops that order and accumulate agree with onnxruntime', () => {
  it('TopK and Unique, equal elements included', async () => {
    await fc.assert(
      fc.asyncProperty(withAxis, fc.boolean(), fc.boolean(), seed, ([shape, axis], largest, whole, start) =>
        expectEqual(
          trial(({ graph, input, constant }) => {
            const X = input(
              fromNumbers('float32', shape, toNumbers(integersIn('int8', shape, start, -2, 2))),
            );
            const K = constant(int64([Math.ceil((shape.at(axis) ?? 1) / 2)]));
            return [
              ...graph.emit(TopK, { X, K }, { axis, largest: Number(largest) }, { outputs: 2 }).outputs,
              ...graph.emit(
                Unique,
                { X },
                { axis: whole ? undefined : axis, sorted: start % 2 },
                { outputs: 4 },
              ).outputs,
            ];
          }),
        ),
      ),
      RUNS,
    );
  });

  it.each(['float32', 'int32', 'int64', 'uint8'] as const)('TopK of %s on native kernels', async (dtype) => {
    await fc.assert(
      fc.asyncProperty(withAxis, fc.boolean(), fc.boolean(), seed, ([shape, axis], largest, isWide, start) =>
        expectEqual(
          trial(({ graph, input, constant }) => {
            const lowest = dtype === 'uint8' ? 0 : -(2 ** 31);
            const range = isWide
              ? ([lowest, dtype === 'uint8' ? 255 : 2 ** 31 - 1] as const)
              : ([0, 3] as const);
            const X = input(
              fromNumbers(dtype, shape, toNumbers(integersIn('int32', shape, start, ...range))),
            );
            const K = constant(int64([start % ((shape.at(axis) ?? 1) + 1)]));
            return graph.emit(TopK, { X, K }, { axis, largest: Number(largest) }, { outputs: 2 }).outputs;
          }),
          0,
          true,
        ),
      ),
      RUNS,
    );
  });

  it.each(['int32', 'int64'] as const)('CumSum of %s on native kernels', async (dtype) => {
    await fc.assert(
      fc.asyncProperty(withAxis, fc.nat(1), fc.nat(1), seed, ([shape, axis], exclusive, reverse, start) =>
        expectEqual(
          trial(({ graph, input, constant }) => {
            const numbers = integersIn('int32', shape, start, -(2 ** 31), 2 ** 31 - 1);
            const x = input(fromNumbers(dtype, shape, toNumbers(numbers)));
            return graph.emit(CumSum, { x, axis: constant(int64([axis], [])) }, { exclusive, reverse })
              .outputs;
          }),
          0,
          true,
        ),
      ),
      RUNS,
    );
  });

  it('CumSum in both directions', async () => {
    await fc.assert(
      fc.asyncProperty(withAxis, fc.nat(1), fc.nat(1), seed, ([shape, axis], exclusive, reverse, start) =>
        expectEqual(
          trial(({ graph, input, constant }) => {
            const x = input(reals(shape, start));
            return graph.emit(CumSum, { x, axis: constant(int64([axis], [])) }, { exclusive, reverse })
              .outputs;
          }),
          1e-5,
          true,
        ),
      ),
      RUNS,
    );
  });

  it.each(['ij,jk->ik', 'bij,bjk', '...i,...i->...', 'ii->i', 'ij->', 'abc,cd,de->abe', 'i...,j->...ij'])(
    'Einsum %s',
    async (equation) => {
      const [terms = ''] = equation.split('->');
      const extents = new Map([...'abcdeijk'].map((label, i) => [label, (i % 3) + 2]));
      await expectEqual(
        trial(({ graph, input }) => {
          const Inputs = terms.split(',').map((term, i) => {
            const dims = [...term.replace('...', '#')].flatMap((label) =>
              label === '#' ? [2, 3] : [extents.get(label) ?? 1],
            );
            return input(reals(dims, i + 1));
          });
          return graph.emit(Einsum, { Inputs }, { equation }).outputs;
        }),
        1e-5,
      );
    },
  );
});
