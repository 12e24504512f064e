import {
  BiasGelu,
  FastGelu,
  MicrosoftGelu,
  type Node,
  QuickGelu,
  SimplifiedLayerNormalization,
  SkipLayerNormalization,
  SkipSimplifiedLayerNormalization,
} from '@octavo/core/ir';
import { fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectNativeAgreement } from './agreement.js';
import { runBoth, runNative, runReference, type Trial, trial } from './both-runtimes.js';
import { reals, seed } from './random-tensors.js';

const SHAPE = [2, 3, 8];
const ROW = [8];

/**
 * 33 roundings of float32, each of 2^-24: on either side 11 in a sum of 8 squares of sums of three terms, and 5 in the root,
 * quotient, factor and term that follow. The polynomials of a curve take fewer.
 */
const BOUND = 2e-6;

/** How the elements of a trial are made: as float32, or of float32 rounded. */
type Elements = (shape: readonly number[], start: number) => Tensor;

const halves: Elements = (shape, start) => fromNumbers('float16', shape, toNumbers(reals(shape, start)));

/** Whether a trial has what bit `at` of its seed stands for. */
const has = (start: number, at: number) => ((start >> at) & 1) === 1;

function skipLayer(t: Trial, start: number, elements: Elements = reals, outputs = 4): Node {
  return t.graph.emit(
    SkipLayerNormalization,
    {
      input: t.input(elements(SHAPE, start)),
      skip: t.input(elements(has(start, 0) ? SHAPE : SHAPE.slice(1), start + 1)),
      gamma: t.constant(elements(ROW, start + 2)),
      beta: has(start, 1) ? t.constant(elements(ROW, start + 3)) : undefined,
      bias: has(start, 2) ? t.constant(elements(ROW, start + 4)) : undefined,
    },
    has(start, 3) ? { epsilon: 0.25 } : {},
    { outputs },
  );
}

function skipSimplified(t: Trial, start: number, elements: Elements = reals, outputs = 4): Node {
  return t.graph.emit(
    SkipSimplifiedLayerNormalization,
    {
      input: t.input(elements(SHAPE, start)),
      skip: t.input(elements(SHAPE, start + 1)),
      gamma: t.constant(elements(ROW, start + 2)),
      bias: has(start, 0) ? t.constant(elements(ROW, start + 3)) : undefined,
    },
    has(start, 1) ? { epsilon: 0.25 } : {},
    { outputs },
  );
}

function biasGelu(t: Trial, start: number, elements: Elements = reals): Node {
  return t.graph.emit(BiasGelu, {
    A: t.input(elements(SHAPE, start)),
    B: t.constant(elements(ROW, start + 1)),
  });
}

/** The normalized values and the sum: onnxruntime computes no more on the CPU. */
const ends = ({ outputs }: Node) => [outputs[0], outputs[3]];

describe("onnxruntime's activations and sums before normalization agree with it, on both backends", () => {
  const cases: [string, (t: Trial, start: number) => Node][] = [
    ['Gelu', (t, start) => t.graph.emit(MicrosoftGelu, { X: t.input(reals(SHAPE, start)) })],
    ['BiasGelu', biasGelu],
    [
      'FastGelu',
      (t, start) =>
        t.graph.emit(FastGelu, {
          X: t.input(reals(SHAPE, start)),
          bias: has(start, 0) ? t.constant(reals(ROW, start + 1)) : undefined,
        }),
    ],
    [
      'QuickGelu',
      (t, start) =>
        t.graph.emit(
          QuickGelu,
          { X: t.input(reals(SHAPE, start)) },
          has(start, 0) ? { alpha: Math.fround(1.1) } : {},
        ),
    ],
    [
      'SimplifiedLayerNormalization',
      (t, start) =>
        t.graph.emit(
          SimplifiedLayerNormalization,
          { X: t.input(reals(SHAPE, start)), scale: t.constant(reals(ROW, start + 1)) },
          has(start, 0) ? { epsilon: 0.25 } : {},
        ),
    ],
    ['SkipLayerNormalization', skipLayer],
    ['SkipSimplifiedLayerNormalization', skipSimplified],
  ];

  it.each(cases)('%s', async (_, emit) => {
    await fc.assert(
      fc.asyncProperty(seed, (start) =>
        expectNativeAgreement(
          trial((t) => ends(emit(t, start))),
          BOUND,
        ),
      ),
      { numRuns: 16 },
    );
  });

  it.each([
    ['BiasGelu', biasGelu],
    ['SkipLayerNormalization', skipLayer],
    ['SkipSimplifiedLayerNormalization', skipSimplified],
  ])('%s of halves, whose sums are not rounded in between', async (_, emit) => {
    let [count, differing] = [0, 0];
    const compare = (ours: readonly Tensor[], theirs: readonly Tensor[]) =>
      theirs.forEach((tensor, at) => {
        const other = toNumbers(ours[at] ?? tensor);
        expect(ours[at]?.dtype).toBe('float16');
        toNumbers(tensor).forEach((x, i) => {
          count++;
          if (x !== other[i]) differing++;
        });
      });
    const starts = fc.sample(seed, 24);
    for (const start of starts) {
      const each = trial((t) => ends(emit(t, start, halves)));
      const { ours, theirs } = await runBoth(each);
      compare(ours, theirs);
      compare((await runNative(each.graph, each.feeds)).native, theirs);
    }
    // What float32 rounds elsewhere moves few elements over the middle between two halves; rounded sums move every third.
    expect(differing, `from ${starts}`).toBeLessThan(count / 100);
  });
});

it('the mean and deviation of SkipLayerNormalization are the same where its sum is taken apart', async () => {
  for (const [at, drawn] of fc.sample(seed, 16).entries()) {
    // The low bits say what it has: each of 16 ways once.
    const start = at + 16 * (drawn >> 4);
    const { graph, feeds } = trial((t) => skipLayer(t, start).outputs);
    const { native, elsewhere } = await runNative(graph, feeds);
    expect(elsewhere).toEqual(['LayerNormalization']);
    (await runReference(graph, feeds)).forEach((tensor, at) => {
      const expected = Array.from(toNumbers(tensor));
      const ours = native[at] ? toNumbers(native[at]) : [];
      const distance = Math.hypot(...expected.map((x, i) => x - (ours[i] ?? Number.NaN)));
      expect(distance, `from ${start}`).toBeLessThanOrEqual(BOUND * Math.hypot(...expected));
    });
  }
});
