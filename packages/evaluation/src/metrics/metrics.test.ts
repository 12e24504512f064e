import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  argmax,
  type Metric,
  mae,
  mape,
  medianApe,
  metricNamed,
  metrics,
  mse,
  nll,
  r2,
  rmse,
  topK,
} from './index.js';

/** The metric over pairs of an output and its label. */
function over(
  metric: Metric,
  pairs: readonly (readonly [output: readonly number[], label: number])[],
): number {
  const scored = pairs.map(([output, label]) => ({ label, ...metric.score(output, label) }));
  return metric.summarize({
    scores: Float64Array.from(scored, ({ score }) => score),
    labels: Float64Array.from(scored, ({ label }) => label),
    predictions: Float64Array.from(scored, ({ prediction }) => prediction),
    weights: new Float64Array(scored.length).fill(1),
  });
}

describe('classification metrics', () => {
  it('count labels among the k highest scores, ties for the lower index', () => {
    const scores = [0.1, 0.5, 0.2, 0.5, 0.3];
    expect([0, 1, 2, 3, 4].map((label) => topK(1).score(scores, label).score)).toEqual([0, 1, 0, 0, 0]);
    expect([0, 1, 2, 3, 4].map((label) => topK(2).score(scores, label).score)).toEqual([0, 1, 0, 1, 0]);
    expect([0, 1, 2, 3, 4].map((label) => topK(3).score(scores, label).score)).toEqual([0, 1, 0, 1, 1]);
    expect(topK(1).score(scores, 0).prediction).toBe(1);
    expect(
      over(topK(1), [
        [scores, 1],
        [scores, 0],
        [scores, 1],
        [scores, 2],
      ]),
    ).toBe(0.5);
  });

  it('agree with sorting for any scores', () => {
    const scores = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(scores, fc.nat(), fc.integer({ min: 1, max: 6 }), (values, nat, k) => {
        const label = nat % values.length;
        const ranked = [...values.keys()].sort((a, b) => {
          const [x = 0, y = 0] = [values[a], values[b]];
          return x === y ? a - b : x > y ? -1 : 1;
        });
        expect(topK(k).score(values, label).score).toBe(ranked.slice(0, k).includes(label) ? 1 : 0);
        expect(topK(1).score(values, label).prediction).toBe(ranked[0]);
      }),
    );
  });

  it('give the negative log of the softmax of the label, for scores of any size', () => {
    expect(nll.score([0, 0], 1).score).toBeCloseTo(Math.log(2), 14);
    expect(nll.score([1, 2, 3], 2).score).toBeCloseTo(Math.log(1 + Math.exp(-1) + Math.exp(-2)), 14);
    expect(nll.score([1e30, -1e30], 0).score).toBe(0);
    expect(nll.score([-5000, -5001], 1).score).toBeCloseTo(Math.log(1 + Math.exp(1)), 12);
  });

  it('count NaN outputs as misses and infinite losses', () => {
    const spoiled = [1, Number.NaN, 3];
    for (const k of [1, 2, 5]) expect(topK(k).score([Number.NaN, Number.NaN], 0).score).toBe(0);
    expect(topK(1).score(spoiled, 2).score).toBe(0);
    expect(topK(1).score(spoiled, 1).score).toBe(0);
    expect(nll.score(spoiled, 0).score).toBe(Number.POSITIVE_INFINITY);
    expect(argmax([Number.NaN, 1, Number.NaN, 2])).toBe(3);
    expect(argmax([Number.NaN])).toBe(0);
  });

  it.each([-1, 3, 0.5, Number.NaN])('refuse the label %d of three classes', (label) => {
    expect(() => topK(1).score([1, 2, 3], label)).toThrow(/no class of an output of 3 scores/);
    expect(() => nll.score([1, 2, 3], label)).toThrow(/no class of an output of 3 scores/);
  });
});

describe('regression metrics', () => {
  const pairs = [
    [[110], 100],
    [[180], 200],
    [[300], 300],
    [[500], 400],
  ] as const;

  it('have their textbook values', () => {
    expect(over(mae, pairs)).toBe((10 + 20 + 0 + 100) / 4);
    expect(over(mape, pairs)).toBeCloseTo((0.1 + 0.1 + 0 + 0.25) / 4, 14);
    expect(over(medianApe, pairs)).toBeCloseTo(0.1, 14);
    expect(over(medianApe, pairs.slice(1))).toBeCloseTo(0.1, 14);
    expect(over(mse, pairs)).toBe((100 + 400 + 0 + 10000) / 4);
    expect(over(rmse, pairs)).toBe(Math.sqrt(2625));
    expect(over(r2, pairs)).toBeCloseTo(1 - 10500 / (150 ** 2 + 50 ** 2 + 50 ** 2 + 150 ** 2), 14);
  });

  it('read negative labels by their magnitude, and a right prediction of 0 as right', () => {
    expect(mape.score([-90], -100).score).toBeCloseTo(0.1, 14);
    expect(mape.score([0], 0).score).toBe(0);
    expect(mape.score([1], 0).score).toBe(Number.POSITIVE_INFINITY);
  });

  it('count NaN predictions as infinite errors', () => {
    const spoiled = [...pairs, [[Number.NaN], 100]] as const;
    for (const metric of [mae, mape, mse, rmse]) expect(over(metric, spoiled)).toBe(Number.POSITIVE_INFINITY);
    expect(over(medianApe, spoiled)).toBeCloseTo(0.1, 14);
    expect(over(r2, spoiled)).toBe(Number.NEGATIVE_INFINITY);
    expect(mae.score([], 1).score).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('metrics by name', () => {
  it('are found, and unknown names list those there are', () => {
    for (const metric of metrics) expect(metricNamed(metric.name)).toBe(metric);
    expect(new Set(metrics.map((metric) => metric.name)).size).toBe(metrics.length);
    expect(() => metricNamed('precise')).toThrow(/no metric precise.*accuracy, top1, top5/s);
  });
});
