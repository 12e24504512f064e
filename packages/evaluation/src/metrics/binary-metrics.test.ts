import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracy, auc, f1, f1Macro, type Metric, metricNamed, nll, perplexity } from './index.js';

type Pair = readonly [output: readonly number[], label: number];

function over(metric: Metric, pairs: readonly Pair[]): number {
  const scored = pairs.map(([output, label]) => ({ label, ...metric.score(output, label) }));
  return metric.summarize({
    scores: Float64Array.from(scored, ({ score }) => score),
    labels: Float64Array.from(scored, ({ label }) => label),
    predictions: Float64Array.from(scored, ({ prediction }) => prediction),
    weights: new Float64Array(scored.length).fill(1),
  });
}

/** One-hot outputs of predicted classes. */
function decided(classes: number, pairs: readonly (readonly [prediction: number, label: number])[]): Pair[] {
  return pairs.map(([prediction, label]) => [
    Array.from({ length: classes }, (_, i) => (i === prediction ? 1 : 0)),
    label,
  ]);
}

const probabilities = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 1 })), {
  minLength: 2,
  maxLength: 40,
});

describe('f1', () => {
  it('is the harmonic mean of precision and recall of class 1', () => {
    const pairs = decided(2, [
      [1, 1],
      [1, 1],
      [1, 0],
      [0, 1],
      [0, 0],
      [0, 0],
      [1, 1],
    ]);
    const [precision, recall] = [3 / 4, 3 / 4];
    expect(over(f1, pairs)).toBeCloseTo((2 * precision * recall) / (precision + recall), 14);
    expect(over(f1, decided(2, [[0, 0]]))).toBe(0);
    expect(over(f1, [])).toBeNaN();
  });

  it('reads a single probability at one half', () => {
    expect(
      over(f1, [
        [[0.51], 1],
        [[0.5], 1],
        [[0.2], 0],
      ]),
    ).toBeCloseTo(2 / 3, 14);
    expect(
      over(accuracy, [
        [[0.51], 1],
        [[0.5], 1],
        [[0.2], 0],
        [[Number.NaN], 0],
      ]),
    ).toBe(0.5);
  });

  it('is averaged over the classes that occur', () => {
    const pairs = decided(4, [
      [0, 0],
      [0, 1],
      [1, 1],
      [2, 2],
      [2, 2],
    ]);
    expect(over(f1Macro, pairs)).toBeCloseTo((2 / 3 + 2 / 3 + 1) / 3, 14);
  });

  it('treats the classes alike when macro: renaming them changes nothing', () => {
    fc.assert(
      fc.property(probabilities, (draws) => {
        const pairs = draws.map(([p, label]) => [p > 3 ? 1 : 0, label] as const);
        const swapped = pairs.map(([p, label]) => [1 - p, 1 - label] as const);
        expect(over(f1Macro, decided(2, swapped))).toBeCloseTo(over(f1Macro, decided(2, pairs)), 12);
      }),
    );
  });
});

describe('auc', () => {
  it('equals the share of pairs that are in order, ties as halves', () => {
    fc.assert(
      fc.property(probabilities, (draws) => {
        const [ones, zeros] = [1, 0].map((which) => draws.filter(([, label]) => label === which));
        let ordered = 0;
        for (const [p] of ones ?? []) for (const [q] of zeros ?? []) ordered += p > q ? 1 : p === q ? 0.5 : 0;
        const expected = ordered / ((ones?.length ?? 0) * (zeros?.length ?? 0));
        const found = over(
          auc,
          draws.map(([p, label]): Pair => [[p / 6], label]),
        );
        if (Number.isNaN(expected)) expect(found).toBeNaN();
        else expect(found).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('ranks by the difference of two scores, NaN last', () => {
    expect(
      over(auc, [
        [[5, 6], 1],
        [[1, 1], 0],
      ]),
    ).toBe(1);
    expect(
      over(auc, [
        [[Number.NaN], 1],
        [[-9], 0],
      ]),
    ).toBe(0);
  });

  it('refuses more than two scores and labels that are no class', () => {
    for (const label of [1, 2])
      expect(() => auc.score([1, 2, 3], label)).toThrow(/one or two scores, found 3/);
    expect(() => auc.score([1], 2)).toThrow(/no class/);
  });
});

describe('perplexity', () => {
  it('is exp of the mean negative log likelihood', () => {
    const pairs: Pair[] = [
      [[0, 1, 2], 0],
      [[3, 1, 2], 2],
    ];
    expect(over(perplexity, pairs)).toBeCloseTo(Math.exp(over(nll, pairs)), 12);
    expect(over(perplexity, [[[0, 0, 0, 0], 2]])).toBeCloseTo(4, 12);
  });
});

describe('metricNamed', () => {
  it('knows top-k for every k', () => {
    expect(metricNamed('top3').score([1, 2, 3, 4], 1).score).toBe(1);
    expect(metricNamed('top2').score([1, 2, 3, 4], 1).score).toBe(0);
    expect(() => metricNamed('top0')).toThrow(/no metric top0/);
  });
});
