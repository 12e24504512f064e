import { describe, expect, it } from 'vitest';
import { cosine, fidelityMetrics, mape, r2, type Scored, topK } from './metrics/index.js';
import { worstSamples } from './worst-samples.js';

const scoredOf = (scores: readonly number[]): Scored[] =>
  scores.map((score, i) => ({ id: `${i}`, score, prediction: 10 * score, label: i, columns: {} }));

describe('worstSamples', () => {
  it('lists those that lost most against the original, and none that lost nothing', () => {
    const worst = worstSamples(mape, scoredOf([0.5, 0.1, 0.3, 0.2]), {
      original: scoredOf([0.1, 0.1, 0.2, 0.4]),
    });
    expect(worst.map(({ id, loss }) => [id, Number(loss.toFixed(6))])).toEqual([
      ['0', 0.4],
      ['2', 0.1],
    ]);
    expect(worst[0]?.original).toEqual({ prediction: 1, score: 0.1 });
  });

  it('knows which way scores point: hits are gains, squared errors are not, whatever the figure says', () => {
    const ids = (metric: typeof mape, own: number[], original: number[]) =>
      worstSamples(metric, scoredOf(own), { original: scoredOf(original) }).map(({ id }) => id);
    expect(ids(topK(1), [0, 1, 1], [1, 0, 1])).toEqual(['0']);
    expect(ids(r2, [4, 1], [1, 4])).toEqual(['0']);
  });

  it('lists the largest errors without an original, at most as many as asked for', () => {
    expect(worstSamples(mape, scoredOf([0, 3, 2, 5]), { count: 2 }).map(({ id }) => id)).toEqual(['3', '1']);
  });

  it.each(fidelityMetrics)(
    'lists the outputs farthest from the original by $name, and no equal ones',
    (metric) => {
      const original = [0.1, 0.7, -0.3];
      const outputs = [original, [0.1, 0.7, -0.2], [0.7, 0.1, -0.2]];
      const scored = scoredOf(outputs.map((output) => metric.compare(output, original).score));
      expect(worstSamples(metric, scored).map(({ id }) => id)).toEqual(['2', '1']);
    },
  );

  it('says how much of a cosine is lost', () => {
    const [worst] = worstSamples(cosine, scoredOf([1, cosine.compare([0, 1], [1, 1]).score]));
    expect(worst?.loss).toBeCloseTo(1 - Math.SQRT1_2, 12);
  });

  it('puts what became infinite or NaN first, and what always was nowhere', () => {
    const worst = worstSamples(mape, scoredOf([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]), {
      original: scoredOf([0, 0, Number.POSITIVE_INFINITY]),
    });
    expect(worst.map(({ id }) => id)).toEqual(['1', '0']);
  });
});
