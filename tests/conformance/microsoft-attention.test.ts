import { QAttention } from '@octavo/core/ir';
import { fromNumbers, type Tensor } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectAgreement } from './agreement.js';
import { trial } from './both-runtimes.js';
import { integersIn, reals, scales, seed } from './random-tensors.js';

const RUNS = { numRuns: 40 };
const count = (most: number) => fc.integer({ min: 1, max: most });

/** The forms of `mask_index` that hide no query's every key. */
const MASKS = ['none', 'ends', 'ends and starts', 'keys', 'queries and keys'] as const;

interface Sizes {
  readonly batch: number;
  readonly queries: number;
  readonly past: number;
  readonly causal: number;
}

/** Every query sees a key: where all are hidden, the rounding of `score - 10000` decides. */
function maskOf(
  form: (typeof MASKS)[number],
  { batch, queries, past, causal }: Sizes,
  start: number,
): Tensor | undefined {
  const keys = past + queries;
  const ends = integersIn('int32', [batch], start, 1, keys).data;
  const seen = (shape: readonly number[]) => {
    const width = shape.at(-1) ?? 1;
    const data = integersIn('int32', shape, start, 0, 1).data.map((value, i) =>
      i % width === 0 ? 1 : value,
    );
    return fromNumbers('int32', shape, data);
  };
  switch (form) {
    case 'none':
      return undefined;
    case 'ends':
      return fromNumbers('int32', [batch], ends);
    case 'ends and starts':
      return fromNumbers(
        'int32',
        [2 * batch],
        [...ends, ...ends.map((end) => (causal ? 0 : (end - 1) >> 1))],
      );
    case 'keys':
      return seen([batch, keys]);
    case 'queries and keys':
      return seen([batch, queries, keys]);
  }
}

describe('QAttention agrees with onnxruntime', () => {
  const shape = fc.record({
    batch: count(3),
    queries: count(5),
    past: fc.constantFrom(0, 0, 3),
    heads: count(3),
    width: fc.constantFrom(1, 4, 8),
    depth: count(20),
    perColumn: fc.boolean(),
    signed: fc.boolean(),
    causal: fc.constantFrom(0, 1),
    form: fc.constantFrom(...MASKS),
    zeroPoints: fc.boolean(),
  });

  it('with every mask, past keys, causal order and per-column weights', async () => {
    await fc.assert(
      fc.asyncProperty(shape, seed, async (s, start) => {
        const hidden = s.heads * s.width;
        const columns = s.perColumn ? 3 * hidden : 1;
        const dtype = s.signed ? ('int8' as const) : ('uint8' as const);
        const weight = integersIn(dtype, [s.depth, 3 * hidden], start + 1, s.signed ? -64 : 0, 64);
        await expectAgreement(
          trial(({ graph, input, constant }) => {
            const mask = maskOf(s.form, s, start + 4);
            const past = reals([2, s.batch, s.heads, s.past, s.width], start + 5);
            const zero = integersIn(dtype, s.perColumn ? [columns] : [], start + 6, 0, 60);
            return graph.emit(
              QAttention,
              {
                input: input(integersIn('uint8', [s.batch, s.queries, s.depth], start, 0, 255)),
                weight: constant(weight),
                bias: constant(reals([3 * hidden], start + 2)),
                input_scale: constant(scales(1, start, [])),
                weight_scale: constant(scales(columns, start + 1, s.perColumn ? [columns] : [])),
                mask_index: mask && input(mask),
                input_zero_point: s.zeroPoints ? constant(fromNumbers('uint8', [], [128])) : undefined,
                weight_zero_point: s.zeroPoints ? constant(zero) : undefined,
                past: s.past > 0 ? input(past) : undefined,
              },
              { num_heads: s.heads, unidirectional: s.causal },
              { outputs: 2 },
            ).outputs;
          }),
          1e-5,
        );
      }),
      RUNS,
    );
  });
});
