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
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectNativeAgreement } from './agreement.js';
import { type Trial, trial } from './both-runtimes.js';
import { reals, seed } from './random-tensors.js';

describe("onnxruntime's activations and sums before normalization agree with it, on both backends", () => {
  const inputs = { shape: [2, 3, 8], bias: [8] };
  const cases: [string, (t: Trial, start: number) => Node][] = [
    ['Gelu', (t, start) => t.graph.emit(MicrosoftGelu, { X: t.input(reals(inputs.shape, start)) })],
    [
      'BiasGelu',
      (t, start) =>
        t.graph.emit(BiasGelu, {
          A: t.input(reals(inputs.shape, start)),
          B: t.constant(reals(inputs.bias, start + 1)),
        }),
    ],
    [
      'FastGelu',
      (t, start) =>
        t.graph.emit(FastGelu, {
          X: t.input(reals(inputs.shape, start)),
          bias: start % 2 ? t.constant(reals(inputs.bias, start + 1)) : undefined,
        }),
    ],
    [
      'QuickGelu',
      (t, start) =>
        t.graph.emit(
          QuickGelu,
          { X: t.input(reals(inputs.shape, start)) },
          start % 2 ? { alpha: Math.fround(1.1) } : {},
        ),
    ],
    [
      'SkipSimplifiedLayerNormalization',
      (t, start) =>
        t.graph.emit(SkipSimplifiedLayerNormalization, {
          input: t.input(reals(inputs.shape, start)),
          skip: t.input(reals(inputs.shape, start + 1)),
          gamma: t.constant(reals(inputs.bias, start + 2)),
          bias: start % 2 ? t.constant(reals(inputs.bias, start + 3)) : undefined,
        }),
    ],
    [
      'SimplifiedLayerNormalization',
      (t, start) =>
        t.graph.emit(SimplifiedLayerNormalization, {
          X: t.input(reals(inputs.shape, start)),
          scale: t.constant(reals(inputs.bias, start + 1)),
        }),
    ],
    [
      'SkipLayerNormalization',
      (t, start) =>
        t.graph.emit(SkipLayerNormalization, {
          input: t.input(reals(inputs.shape, start)),
          skip: t.input(reals(start % 2 ? inputs.shape : [3, 8], start + 1)),
          gamma: t.constant(reals(inputs.bias, start + 2)),
          beta: t.constant(reals(inputs.bias, start + 3)),
        }),
    ],
  ];

  it.each(cases)('%s', async (_, emit) => {
    await fc.assert(
      fc.asyncProperty(seed, (start) =>
        expectNativeAgreement(
          trial((t) => [emit(t, start).output]),
          2e-6,
        ),
      ),
      { numRuns: 8 },
    );
  });
});
