import { Col2Im, GridSample, MaxPool, NonMaxSuppression, RoiAlign } from '@octavo/core/ir';
import { float32, fromNumbers, int64, type Tensor, toNumbers } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runEach, trial } from './both-runtimes.js';
import { reals, seed } from './random-tensors.js';

const RUNS = { numRuns: 30 };

async function expectClose(each: ReturnType<typeof trial>): Promise<void> {
  const { all, theirs } = await runEach(each);
  for (const ours of all)
    ours.forEach((tensor, i) => {
      expect(tensor.shape).toEqual(theirs[i]?.shape);
      expect(largestDistance(tensor, theirs[i])).toBeLessThan(1e-4);
    });
}

function largestDistance(a: Tensor, b: Tensor | undefined): number {
  if (!b) return Number.POSITIVE_INFINITY;
  const right = toNumbers(b);
  return Math.max(0, ...Array.from(toNumbers(a), (x, i) => Math.abs(x - (right[i] ?? Number.NaN))));
}

describe('vision ops of the reference backend agree with onnxruntime', () => {
  it('GridSample in every mode and padding', async () => {
    const choice = fc.record({
      mode: fc.constantFrom('linear' as const, 'nearest' as const, 'cubic' as const),
      padding_mode: fc.constantFrom('zeros' as const, 'border' as const, 'reflection' as const),
      align_corners: fc.constantFrom(0, 1),
    });
    await fc.assert(
      fc.asyncProperty(choice, seed, (attributes, start) =>
        expectClose(
          trial(({ graph, input }) => {
            const X = input(reals([2, 2, 4, 5], start));
            const grid = input(reals([2, 3, 4, 2], start + 1));
            return graph.emit(GridSample, { X, grid }, attributes).outputs;
          }),
        ),
      ),
      { numRuns: 60 },
    );
  });

  it('RoiAlign in both modes and coordinate systems', async () => {
    const choice = fc.record({
      mode: fc.constantFrom('avg' as const, 'max' as const),
      coordinate_transformation_mode: fc.constantFrom('half_pixel' as const, 'output_half_pixel' as const),
      sampling_ratio: fc.constantFrom(0, 1, 2),
    });
    await fc.assert(
      fc.asyncProperty(choice, seed, (attributes, start) =>
        expectClose(
          trial(({ graph, input }) => {
            // onnxruntime warns about other ratios in this mode.
            const sampling_ratio = attributes.mode === 'max' ? 1 : attributes.sampling_ratio;
            const X = input(reals([2, 2, 8, 9], start));
            const rois = input(float32([1, 0, 9, 11, -3, 2, 5, 13, 4, 4, 4.5, 4.5], [3, 4]));
            const node = graph.emit(
              RoiAlign,
              { X, rois, batch_indices: input(int64([0, 1, 1])) },
              { ...attributes, sampling_ratio, output_height: 3, output_width: 2, spatial_scale: 0.7 },
            );
            return node.outputs;
          }),
        ),
      ),
      RUNS,
    );
  });

  it('NonMaxSuppression of random boxes, by corners and by centres', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 9 }), seed, (center, limit, start) =>
        expectClose(
          trial(({ graph, input, constant }) => {
            const boxes = input(reals([2, 12, 4], start));
            const scores = input(reals([2, 3, 12], start + 1));
            const node = graph.emit(
              NonMaxSuppression,
              {
                boxes,
                scores,
                max_output_boxes_per_class: constant(int64([limit])),
                iou_threshold: constant(float32([0.3])),
                score_threshold: constant(float32([-0.5])),
              },
              { center_point_box: center },
            );
            return node.outputs;
          }, 13),
        ),
      ),
      RUNS,
    );
  });

  it('Col2Im with strides, dilations and pads', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2),
        fc.constantFrom(1, 2),
        fc.constantFrom(0, 1),
        seed,
        (s, d, p, start) => {
          const [height, width] = [6, 7].map((size) => Math.floor((size + 2 * p - d - 1) / s) + 1);
          return expectClose(
            trial(({ graph, input, constant }) => {
              const node = graph.emit(
                Col2Im,
                {
                  input: input(reals([2, 8, (height ?? 1) * (width ?? 1)], start)),
                  image_shape: constant(int64([6, 7])),
                  block_shape: constant(int64([2, 2])),
                },
                { strides: [s, s], dilations: [d, d], pads: [p, p, p, p] },
              );
              return node.outputs;
            }),
          );
        },
      ),
      RUNS,
    );
  });

  it('MaxPool keeps integers of 8 bits and counts columns first when asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 1), seed, (storage_order, start) =>
        expectClose(
          trial(({ graph, input }) => {
            const values = toNumbers(reals([1, 2, 4, 5], start)).map((x) => Math.round(x * 60));
            const window = { kernel_shape: [2, 3], storage_order };
            const X = input(float32(values, [1, 2, 4, 5]));
            const bytes = input(fromNumbers('int8', [1, 2, 4, 5], values));
            return [
              ...graph.emit(MaxPool, { X }, window, { outputs: 2 }).outputs,
              ...graph.emit(MaxPool, { X: bytes }, { kernel_shape: [2, 3] }).outputs,
            ];
          }),
        ),
      ),
      RUNS,
    );
  });
});
