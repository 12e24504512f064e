import { createModel, DynamicQuantizeLSTM } from '@octavo/core/ir';
import { fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import { encodeModel } from '@octavo/formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runOnnxruntime, runReference, trial } from './both-runtimes.js';
import { integersIn, reals, scales, seed } from './random-tensors.js';

const size = fc.integer({ min: 1, max: 9 });

const layer = fc.record({
  direction: fc.constantFrom('forward' as const, 'reverse' as const, 'bidirectional' as const),
  steps: fc.integer({ min: 1, max: 4 }),
  batch: fc.integer({ min: 1, max: 3 }),
  hidden: size,
  width: size,
  storage: fc.constantFrom('int8' as const, 'uint8' as const),
  perColumn: fc.boolean(),
  coupled: fc.constantFrom(0, 1),
  ends: fc.boolean(),
  seed,
});

type Layer = typeof layer extends fc.Arbitrary<infer T> ? T : never;

/** Weights within what no x64 CPU saturates, and parameters for all of a direction or for each column. */
function graphOf(each: Layer) {
  const { direction, steps, batch, hidden, width, storage, perColumn, seed: start } = each;
  const d = direction === 'bidirectional' ? 2 : 1;
  const columns = 4 * hidden;
  const [low, high, zero] = storage === 'int8' ? [-64, 64, 0] : [64, 127, 100];
  const shape = perColumn ? [d, columns] : [d];
  const count = perColumn ? d * columns : d;
  return trial(({ graph, input, constant }) => {
    const weights = (depth: number, offset: number) =>
      constant(integersIn(storage, [d, depth, columns], start + offset, low, high));
    const scale = (offset: number) =>
      constant(
        fromNumbers(
          'float32',
          shape,
          toNumbers(scales(count, start + offset)).map((each) => each / 4),
        ),
      );
    const zeroPoint = () => constant(fromNumbers(storage, shape, new Array<number>(count).fill(zero)));
    const operands = {
      X: input(reals([steps, batch, width], start)),
      W: weights(width, 1),
      R: weights(hidden, 2),
      B: constant(reals([d, 2 * columns], start + 3)),
      sequence_lens: each.ends
        ? constant(
            fromNumbers(
              'int32',
              [batch],
              Array.from({ length: batch }, (_, b) => Math.max(1, steps - b)),
            ),
          )
        : undefined,
      initial_h: input(reals([d, batch, hidden], start + 4)),
      initial_c: input(reals([d, batch, hidden], start + 5)),
      P: constant(reals([d, 3 * hidden], start + 6)),
      W_scale: scale(7),
      W_zero_point: zeroPoint(),
      R_scale: scale(8),
      R_zero_point: zeroPoint(),
    };
    const attributes = { hidden_size: hidden, direction, input_forget: each.coupled };
    return graph.emit(DynamicQuantizeLSTM, operands, attributes, { outputs: 3 }).outputs;
  });
}

function largestDistance(ours: readonly Tensor[], theirs: readonly Tensor[]): number {
  const distances = ours.map((tensor, index) => {
    const other = theirs[index];
    if (!other || other.size !== tensor.size) return Number.POSITIVE_INFINITY;
    const values = toNumbers(other);
    return Math.max(
      ...Array.from(toNumbers(tensor), (value, i) => Math.abs(value - (values[i] ?? Number.NaN))),
    );
  });
  return Math.max(...distances);
}

describe('DynamicQuantizeLSTM of the reference backend', () => {
  it('agrees with onnxruntime up to a state that rounds to the other neighbour', async () => {
    const distances: number[] = [];
    await fc.assert(
      fc.asyncProperty(layer, async (each) => {
        const { graph, feeds } = graphOf(each);
        const ours = await runReference(graph, feeds);
        const theirs = await runOnnxruntime(encodeModel(createModel(graph)), graph, feeds, { threads: 1 });
        expect(ours.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(
          theirs.map(({ dtype, shape }) => ({ dtype, shape })),
        );
        const distance = largestDistance(ours, theirs);
        distances.push(distance);
        expect(distance).toBeLessThan(0.05);
      }),
      { numRuns: 40 },
    );
    const close = distances.filter((distance) => distance < 2e-5);
    expect(close.length).toBeGreaterThanOrEqual(0.9 * distances.length);
  });
});
